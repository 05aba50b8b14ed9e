"""Shells, build files, logs, HTTP, tables and prose: how a value stands in them."""

from __future__ import annotations

from benchmarks.quality.texts.surroundings import Language

SHELL = Language(
    "shell",
    ".sh",
    (
        'export <<UPPER>>="<<Sd>>"',
        "export <<UPPER>>=<<S>>",
        "<<UPPER>>='<<S>>' ./<<w>>.sh --verbose",
        '<<snake>>="<<Sd>>"\n<<w>> --config <<w>>.yml',
        '<<w1>> login --<<kebab>> "<<Sd>>" --host <<host>>',
        "<<w1>> deploy --<<kebab>>=<<S>> --region eu",
        "curl -s https://<<host>>/v1/<<w>> -H 'X-<<Header>>: <<S>>'",
        'curl -X POST "https://<<host>>/<<w>>?<<snake>>=<<Su>>&limit=<<n>>"',
        "docker run -d -e <<UPPER>>=<<S>> -p <<n>>:80 <<w>>/<<w>>",
        "kubectl create secret generic <<w>> --from-literal=<<kebab>>=<<S>>",
        'echo "<<UPPER>>=<<Sd>>" >> .env',
        "heroku config:set <<UPPER>>=<<S>>",
    ),
    (
        "#!/bin/sh\nset -eu",
        'for item in <<w>> <<w>>; do\n  echo "$item"\ndone',
        "if [ ! -d /opt/<<w1>> ]; then\n  mkdir -p /opt/<<w1>>\nfi",
        "cd /srv/<<w>> && git pull",
    ),
    ("./<<w>> <<S>> <<host>>", "echo <<S>> | <<w>> login --stdin"),
)

POWERSHELL = Language(
    "powershell",
    ".ps1",
    (
        '$<<camel>> = "<<Sd>>"',
        '$env:<<UPPER>> = "<<Sd>>"',
        "Connect-<<W>> -Host <<host>> -<<Pascal>> '<<S>>'",
        '$<<camel>> = ConvertTo-SecureString "<<Sd>>" -AsPlainText -Force',
        "set <<UPPER>>=<<S>>",
    ),
    ("param([string]$Name, [int]$Count = <<n>>)", "Get-Service <<w>> | Where-Object { $_.Status -eq 'Running' }"),
)

DOCKERFILE = Language(
    "dockerfile",
    ".dockerfile",
    ("ENV <<UPPER>>=<<S>>", "ENV <<UPPER>> <<S>>", "ARG <<UPPER>>=<<S>>", 'ENV STAGE=prod \\\n    <<UPPER>>="<<Sd>>"'),
    (
        "FROM python:3.12-slim\nWORKDIR /app",
        "COPY . .\nRUN pip install -r requirements.txt",
        'EXPOSE <<n>>\nCMD ["./<<w>>"]',
    ),
)

CI = Language(
    "ci",
    ".yml",
    (
        "jobs:\n  <<w>>:\n    runs-on: ubuntu-latest\n    env:\n      <<UPPER>>: <<S>>\n    steps:\n      - uses: actions/checkout@v4",
        'variables:\n  <<UPPER>>: "<<Sd>>"\n\nbuild:\n  stage: build\n  script:\n    - make <<w>>',
        "      - run: <<w>> publish --<<kebab>> <<S>>",
        "      - name: <<w>>\n        with:\n          <<kebab>>: <<S>>",
        "    environment {\n        <<UPPER>> = '<<S>>'\n    }",
    ),
    ("on:\n  push:\n    branches: [main]", "      - run: make test\n      - run: make <<w>>"),
)

LOG = Language(
    "log",
    ".log",
    (
        "2024-05-<<n>>T10:12:44Z DEBUG [<<w>>] connecting to <<host>> with <<snake>>=<<S>>",
        '10:12:44.<<n>> INFO <<w>>.<<W>> - request {"<<camel>>": "<<Sd>>", "id": <<n>>}',
        "[ERROR] <<w>> failed: <<Title>>: <<S>> was refused by <<host>>",
        "DEBUG:<<w>>:params: {'user': '<<w>>', '<<snake>>': '<<Ss>>'}",
        'level=debug msg="<<w>> started" <<snake>>=<<S>> host=<<host>>',
        '10.1.2.3 - - [12/May/2024:10:12:44 +0000] "GET /<<w>>?<<snake>>=<<Su>> HTTP/1.1" 200 <<n>>',
    ),
    (
        "2024-05-11T10:12:43Z INFO [<<w>>] started in <<n>> ms",
        "2024-05-11T10:12:45Z WARN [<<w>>] <<w>> took <<n>> ms",
        "10:12:44.<<n>> INFO <<w>>.<<W>> - done id=<<id>>",
    ),
    ("2024-05-11T10:12:44Z DEBUG [<<w>>] sent <<S>> to <<host>>",),
)

HTTP = Language(
    "http",
    ".http",
    (
        'POST /v1/<<w>> HTTP/1.1\nHost: <<host>>\nX-<<Header>>: <<S>>\nContent-Type: application/json\n\n{"name": "<<w>>"}',
        'POST /login HTTP/1.1\nHost: <<host>>\nContent-Type: application/json\n\n{"user": "<<w>>", "<<camel>>": "<<Sd>>"}',
        "POST /login HTTP/1.1\nHost: <<host>>\nContent-Type: application/x-www-form-urlencoded\n\nuser=<<w>>&<<snake>>=<<Su>>&remember=1",
        "GET /<<w>>?<<snake>>=<<Su>>&page=<<n>> HTTP/1.1\nHost: <<host>>\nAccept: */*",
        'HTTP/1.1 200 OK\nContent-Type: application/json\n\n{"<<snake>>":"<<Sd>>","expires_in":3600}',
    ),
)

SQL = Language(
    "sql",
    ".sql",
    (
        "INSERT INTO settings (name, value) VALUES ('<<snake>>', '<<S>>');",
        "UPDATE <<w>> SET <<snake>> = '<<S>>' WHERE id = <<n>>;",
        "INSERT INTO <<w>> (id, name, <<snake>>) VALUES (<<n>>, '<<w>>', '<<S>>');",
        "SET <<snake>> = '<<S>>';",
    ),
    (
        "CREATE TABLE <<w1>> (\n  id serial PRIMARY KEY,\n  name text NOT NULL\n);",
        "SELECT id, name FROM <<w>> WHERE <<w>> > <<n>> ORDER BY name;",
    ),
)

TABLE = Language(
    "csv",
    ".csv",
    (
        "name,<<snake>>,created\n<<w>>,<<S>>,2024-05-11",
        "key,value\nhost,<<host>>\n<<snake>>,<<S>>",
        "| setting | value |\n|---|---|\n| host | <<host>> |\n| <<Title>> | `<<S>>` |",
    ),
)

PROSE = Language(
    "prose",
    ".md",
    (
        "Set the <<Title>> to `<<S>>` and run it again.",
        "The <<phrase>> is <<S>>",
        "The <<phrase>> for <<host>> is: <<S>>",
        "Hi, can you check why this fails? My <<phrase>> is <<S>> and I get a 401.",
        "<<Title>>: <<S>>",
        "- **<<Title>>**: `<<S>>`",
        '> use "<<S>>" as the <<phrase>>, it works until Friday',
        "I am using <<phrase>> = <<S>> in staging. Is that why the <<w>> is empty?",
        "```\n<<UPPER>>=<<S>>\n```",
        "<<w>>: <<host>>\nuser: <<w>>\n<<phrase>>: <<S>>",
    ),
    (
        "## The <<w>>\n\nThe <<w1>> keeps each <<w2>> until the <<w>> is done. It is read by the <<w>>.",
        "We moved the <<w>> to another <<w>> last week, and since then the <<w>> is slow.\n",
        "1. Open the <<w>>.\n2. Choose a <<w>>.\n3. Press <<W>>.",
        "Thanks, that worked! One more question about the <<w>> in `<<w>>.py`:",
    ),
    ("Here it is: <<S>>", "I got `<<S>>` from the <<w>>, what now?", "<<S>>", "Use <<S>>, please."),
)

HTML = Language(
    "html",
    ".html",
    (
        '<input type="hidden" name="<<snake>>" value="<<Sx>>">',
        "<script>\n  window.<<camel>> = '<<Ss>>';\n</script>",
        '<meta name="<<kebab>>" content="<<Sx>>">',
        '<div data-<<kebab>>="<<Sx>>"></div>',
    ),
    ('<div class="<<w>>">\n  <a href="/<<w>>"><<W>></a>\n</div>', "<p>The <<w>> of the <<w>>.</p>"),
)

TEXT = (SHELL, SHELL, POWERSHELL, DOCKERFILE, CI, LOG, HTTP, SQL, TABLE, PROSE, PROSE, HTML)
