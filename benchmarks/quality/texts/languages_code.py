"""Programming languages: how a value stands in their sources, and ordinary code of theirs."""

from __future__ import annotations

from benchmarks.quality.texts.surroundings import Language

PYTHON = Language(
    "python",
    ".py",
    (
        '<<UPPER>> = "<<Sd>>"',
        "<<snake>> = '<<Ss>>'",
        'class <<W>>Config:\n    host = "<<host>>"\n    port = <<n>>\n    <<snake>>: str = "<<Sd>>"',
        'client = <<W>>Client(\n    base_url="https://<<host>>",\n    <<snake>>="<<Sd>>",\n    timeout=<<n>>,\n)',
        'config = {\n    "host": "<<host>>",\n    "<<snake>>": "<<Sd>>",\n    "retries": <<n>>,\n}',
        "os.environ['<<UPPER>>'] = '<<Ss>>'",
        '<<snake>> = os.environ.get("<<UPPER>>", "<<Sd>>")',
        '<<snake>> = os.getenv("<<UPPER>>") or "<<Sd>>"',
        'parser.add_argument("--<<kebab>>", default="<<Sd>>")',
        'self._<<snake>> = "<<Sd>>"  # <<w>>',
        "def <<w>>_<<w>>(<<snake>>='<<Ss>>', verbose=False):\n    return _<<w>>(<<snake>>)",
        '# <<snake>> = "<<Sd>>"\n<<snake>> = load("<<w>>")',
        'monkeypatch.setenv("<<UPPER>>", "<<Sd>>")',
        'headers = {"X-<<Header>>": "<<Sd>>", "Accept": "application/json"}',
        'settings["<<snake>>"] = "<<Sd>>"',
        'if <<snake>> == "<<Sd>>":\n    return True',
    ),
    (
        "import logging\nimport os\n\nfrom <<w>> import <<W>>, <<w>>_<<w>>\n\nlog = logging.getLogger(__name__)\n",
        'def <<w1>>_<<w2>>(<<w3>>, limit=<<n>>):\n    """Return the <<w3>> of a <<w1>>."""\n    for item in <<w3>>[:limit]:\n        log.info("<<w1>> %s", item)\n    return len(<<w3>>)\n',
        "class <<W>>Error(Exception):\n    pass\n",
        "@app.route('/<<w1>>/<int:number>')\ndef show_<<w1>>(number):\n    return render_template('<<w1>>.html', number=number)\n",
        'with open("<<w>>.json") as file:\n    <<w>>s = json.load(file)\n',
        "def test_<<w>>_<<w>>():\n    assert <<w1>>(<<n>>) == <<n>>\n",
    ),
    (
        'subprocess.run(["<<w>>", "-v", "<<Sd>>"], check=True)',
        'print("<<Sd>>")',
        'x = ["<<w>>", "<<Sd>>", None]',
        'client = connect("<<host>>", "<<Sd>>")',
    ),
)

GO = Language(
    "go",
    ".go",
    (
        'const <<camel>> = "<<Sd>>"',
        'var <<camel>> string = "<<Sd>>"',
        'func New<<W>>() *<<W>> {\n\t<<camel>> := "<<Sd>>"\n\treturn &<<W>>{host: "<<host>>", auth: <<camel>>}\n}',
        'cfg := <<w>>.Config{\n\tHost:    "<<host>>",\n\tPort:    <<n>>,\n\t<<Pascal>>: "<<Sd>>",\n}',
        'os.Setenv("<<UPPER>>", "<<Sd>>")',
        'req.Header.Set("X-<<Header>>", "<<Sd>>")',
        "const (\n\tdefaultPort = <<n>>\n\t<<camel>> = `<<S>>`\n)",
        'flag.StringVar(&<<camel>>, "<<kebab>>", "<<Sd>>", "<<w>> of the <<w>>")',
        'opts := map[string]string{"<<snake>>": "<<Sd>>", "region": "<<w>>"}',
        'viper.SetDefault("<<dotted>>", "<<Sd>>")',
    ),
    (
        'package <<w>>\n\nimport (\n\t"context"\n\t"fmt"\n\n\t"github.com/<<w>>/<<w>>"\n)\n',
        'func (<<w1>> *<<W1>>) Close(ctx context.Context) error {\n\tif err := ctx.Err(); err != nil {\n\t\treturn fmt.Errorf("close <<w1>>: %w", err)\n\t}\n\treturn nil\n}\n',
        'type <<W1>> struct {\n\tID   int64  `json:"id"`\n\tName string `json:"name"`\n}\n',
    ),
    ('log.Printf("got %s", "<<Sd>>")', 'c := New<<W>>("<<host>>", "<<Sd>>")'),
)

JAVA = Language(
    "java",
    ".java",
    (
        '    private static final String <<UPPER>> = "<<Sd>>";',
        '    String <<camel>> = "<<Sd>>";',
        '        props.setProperty("<<dotted>>", "<<Sd>>");',
        '        <<w1>>.set<<Pascal>>("<<Sd>>");',
        '    @Value("${<<dotted>>:<<S>>}")\n    private String <<camel>>;',
        '        return <<W>>Builder.standard()\n            .withHost("<<host>>")\n            .with<<Pascal>>("<<Sd>>")\n            .build();',
        '        System.setProperty("<<dotted>>", "<<Sd>>");',
        '        map.put("<<camel>>", "<<Sd>>");',
        '        char[] <<camel>> = "<<Sd>>".toCharArray();',
    ),
    (
        "package org.example.<<w>>;\n\nimport java.util.List;\nimport java.util.Map;\n",
        "/** Keeps the <<w1>> of a <<w2>>. */\npublic class <<W>>Service {\n",
        '    public List<<<W1>>> find<<W1>>s(int limit) {\n        logger.debug("limit {}", limit);\n        return repository.find(limit);\n    }\n',
        '    @Override\n    public String toString() {\n        return name + " " + <<n>>;\n    }\n',
    ),
    ('        assertEquals("<<Sd>>", <<w>>.get(0));', '        login("<<w>>", "<<Sd>>");'),
)

KOTLIN = Language(
    "kotlin",
    ".kt",
    (
        'private const val <<UPPER>> = "<<Sd>>"',
        'val <<camel>>: String = "<<Sd>>"',
        'val client = <<W>>Client(\n    host = "<<host>>",\n    <<camel>> = "<<Sd>>",\n)',
        'buildConfigField("String", "<<UPPER>>", "\\"<<S>>\\"")',
    ),
    (
        "package org.example.<<w>>\n\nimport kotlinx.coroutines.delay\n",
        "data class <<W>>(val id: Long, val name: String)\n",
    ),
)

JAVASCRIPT = Language(
    "javascript",
    ".js",
    (
        "const <<camel>> = '<<Ss>>';",
        'var <<camel>> = "<<Sd>>";',
        "module.exports = {\n  host: '<<host>>',\n  port: <<n>>,\n  <<camel>>: '<<Ss>>',\n};",
        "process.env.<<UPPER>> = '<<Ss>>';",
        "const <<camel>> = process.env.<<UPPER>> || '<<Ss>>';",
        "const client = new <<W>>({ <<camel>>: '<<Ss>>', timeout: <<n>> });",
        "axios.get('https://<<host>>/<<w>>', {\n  headers: { 'x-<<kebab>>': '<<Ss>>' },\n});",
        "  // <<camel>>: '<<Ss>>',\n  <<camel>>: config.get('<<w>>'),",
        "$.post('/<<w>>', { user: '<<w>>', <<camel>>: '<<Ss>>' });",
        "localStorage.setItem('<<camel>>', '<<Ss>>');",
        "config['<<kebab>>'] = `<<S>>`;",
    ),
    (
        "'use strict';\n\nconst express = require('express');\nconst <<w1>> = require('./<<w1>>');\n",
        "function <<w1>><<W>>(items) {\n  return items.filter((item) => item.<<w2>> > <<n>>).map((item) => item.id);\n}\n",
        "app.get('/<<w1>>', async (req, res) => {\n  const found = await <<w1>>.find(req.query);\n  res.json(found);\n});\n",
        "describe('<<w>>', () => {\n  it('keeps the <<w>>', () => {\n    expect(<<w1>>(<<n>>)).toBe(true);\n  });\n});\n",
    ),
    ("console.log('<<Ss>>');", "await <<w>>.connect('<<host>>', '<<Ss>>');", "  await page.type('#<<w>>', '<<Ss>>');"),
)

TYPESCRIPT = Language(
    "typescript",
    ".ts",
    (
        "export const <<UPPER>> = '<<Ss>>';",
        'private readonly <<camel>>: string = "<<Sd>>";',
        "export const environment = {\n  production: true,\n  apiUrl: 'https://<<host>>',\n  <<camel>>: '<<Ss>>',\n};",
        "const <<camel>> = import.meta.env.VITE_<<UPPER>> ?? '<<Ss>>';",
        "const options: <<W>>Options = { <<camel>>: `<<S>>` };",
    ),
    (
        "import { Injectable } from '@angular/core';\nimport type { <<W>> } from './<<w>>';\n",
        "export interface <<W1>> {\n  id: number;\n  name: string;\n  <<w2>>?: string;\n}\n",
        "export async function load<<W1>>(id: number): Promise<<<W1>>> {\n  const answer = await fetch(`/api/<<w1>>/${id}`);\n  return answer.json();\n}\n",
    ),
)

CSHARP = Language(
    "csharp",
    ".cs",
    (
        '    private const string <<Pascal>> = "<<Sd>>";',
        '    public string <<Pascal>> { get; set; } = "<<Sd>>";',
        '        var <<camel>> = "<<Sd>>";',
        '        client.DefaultRequestHeaders.Add("X-<<Header>>", "<<Sd>>");',
        '        Environment.SetEnvironmentVariable("<<UPPER>>", "<<Sd>>");',
        '        var options = new <<W>>Options { Host = "<<host>>", <<Pascal>> = "<<Sd>>" };',
        '    services.Configure<<<W>>>(o => o.<<Pascal>> = "<<Sd>>");',
        '        string <<camel>> = @"<<S>>";',
    ),
    (
        "using System;\nusing System.Collections.Generic;\n\nnamespace Example.<<W>>\n{\n",
        "    public class <<W1>>Controller : ControllerBase\n    {\n        private readonly I<<W1>>Repository repository;\n    }\n",
        '    [HttpGet("{id}")]\n    public async Task<IActionResult> Get(int id) => Ok(await repository.FindAsync(id));\n',
    ),
)

PHP = Language(
    "php",
    ".php",
    (
        "$<<snake>> = '<<Ss>>';",
        "define('<<UPPER>>', '<<Ss>>');",
        "return [\n    'host' => '<<host>>',\n    '<<snake>>' => '<<Ss>>',\n    'port' => <<n>>,\n];",
        '$config["<<snake>>"] = "<<Sd>>";',
        "'<<snake>>' => env('<<UPPER>>', '<<Ss>>'),",
        "    public $<<camel>> = '<<Ss>>';",
        "$this-><<camel>> = '<<Ss>>';",
        "curl_setopt($ch, CURLOPT_HTTPHEADER, ['X-<<Header>>: <<S>>']);",
    ),
    (
        "<?php\n\nnamespace App\\<<W>>;\n\nuse App\\Models\\<<W>>;\n",
        "function <<w1>>_<<w2>>(array $items): int\n{\n    return count($items) + <<n>>;\n}\n",
    ),
    ("$db = new mysqli('<<host>>', '<<w>>', '<<Ss>>', '<<w>>');",),
)

RUBY = Language(
    "ruby",
    ".rb",
    (
        "<<UPPER>> = '<<Ss>>'",
        "config.<<snake>> = '<<Ss>>'",
        "ENV['<<UPPER>>'] ||= '<<Ss>>'",
        "client = <<W>>.new(host: '<<host>>', <<snake>>: '<<Ss>>')",
        '  :<<snake>> => "<<Sd>>",',
        "<<snake>> = ENV.fetch('<<UPPER>>', '<<Ss>>')",
    ),
    (
        "require 'json'\nrequire_relative '<<w>>'\n",
        "class <<W1>> < ApplicationRecord\n  belongs_to :<<w2>>\n  validates :name, presence: true\nend\n",
        "it 'shows the <<w>>' do\n  expect(page).to have_content('<<w>>')\nend\n",
    ),
)

RUST = Language(
    "rust",
    ".rs",
    (
        'const <<UPPER>>: &str = "<<Sd>>";',
        'let <<snake>> = "<<Sd>>".to_string();',
        'let config = Config { host: "<<host>>".into(), <<snake>>: "<<Sd>>".into() };',
        '    .header("x-<<kebab>>", "<<Sd>>")',
        'let <<snake>> = std::env::var("<<UPPER>>").unwrap_or_else(|_| "<<Sd>>".to_owned());',
    ),
    (
        "use std::collections::HashMap;\nuse serde::Deserialize;\n",
        "#[derive(Debug, Deserialize)]\npub struct <<W1>> {\n    pub id: u64,\n    pub name: String,\n}\n",
        "fn <<w1>>_<<w2>>(items: &[<<W>>]) -> usize {\n    items.iter().filter(|item| item.id > <<n>>).count()\n}\n",
    ),
)

C = Language(
    "c",
    ".c",
    (
        '#define <<UPPER>> "<<Sd>>"',
        'static const char *<<snake>> = "<<Sd>>";',
        'char <<snake>>[] = "<<Sd>>";',
        'std::string <<camel>>("<<Sd>>");',
        'strcpy(config-><<snake>>, "<<Sd>>");',
    ),
    (
        "#include <stdio.h>\n#include <string.h>\n",
        "static int <<w1>>_<<w2>>(struct <<w1>> *self, size_t count)\n{\n    if (count > <<n>>)\n        return -1;\n    return (int)count;\n}\n",
    ),
)

SWIFT = Language(
    "swift",
    ".swift",
    (
        'let <<camel>> = "<<Sd>>"',
        'static let <<camel>>: String = "<<Sd>>"',
        'request.setValue("<<Sd>>", forHTTPHeaderField: "X-<<Header>>")',
    ),
    ("import Foundation\n\nstruct <<W>>: Codable {\n    let id: Int\n    let name: String\n}\n",),
)

SCALA = Language(
    "scala",
    ".scala",
    ('val <<camel>> = "<<Sd>>"', '  .option("<<camel>>", "<<Sd>>")', '  "<<dotted>>" -> "<<Sd>>",'),
    ("package org.example.<<w>>\n\ncase class <<W>>(id: Long, name: String)\n",),
)

DART = Language(
    "dart",
    ".dart",
    ("const String <<camel>> = '<<Ss>>';", 'final <<camel>> = "<<Sd>>";', "  static const <<camel>> = '<<Ss>>';"),
    ("import 'package:flutter/material.dart';\n\nclass <<W>> extends StatelessWidget {}\n",),
)

PERL = Language(
    "perl",
    ".pl",
    ("my $<<snake>> = '<<Ss>>';", 'our %config = ( host => "<<host>>", <<snake>> => "<<Sd>>" );'),
    ("use strict;\nuse warnings;\n\nsub <<w>> {\n    my ($self) = @_;\n    return $self->{<<w>>};\n}\n",),
)

CODE = (
    PYTHON,
    PYTHON,
    GO,
    JAVA,
    JAVA,
    KOTLIN,
    JAVASCRIPT,
    JAVASCRIPT,
    TYPESCRIPT,
    CSHARP,
    PHP,
    RUBY,
    RUST,
    C,
    SWIFT,
    SCALA,
    DART,
    PERL,
)
