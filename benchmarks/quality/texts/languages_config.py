"""Configuration files: how a value stands in them, and ordinary lines of theirs."""

from __future__ import annotations

from benchmarks.quality.texts.surroundings import Language

ENV = Language(
    "env",
    ".env",
    (
        "<<UPPER>>=<<S>>",
        '<<UPPER>>="<<Sd>>"',
        "<<UPPER>>='<<Ss>>'",
        "export <<UPPER>>=<<S>>",
        "# <<UPPER>>=<<S>>",
        "<<UPPER>> = <<S>>",
    ),
    (
        "NODE_ENV=production\nPORT=<<n>>\nHOST=<<host>>",
        "# the <<w>> of the <<w>>\nLOG_LEVEL=info",
        "DB_HOST=<<host>>\nDB_PORT=5432\nDB_NAME=<<w>>",
        "CACHE_TTL=<<n>>\nFEATURE_<<n>>=true",
    ),
)

PROPERTIES = Language(
    "properties",
    ".properties",
    (
        "<<dotted>>=<<S>>",
        "<<dotted>> = <<S>>",
        "<<dotted>>: <<S>>",
        "app.<<kebab>>=<<S>>",
        "#<<dotted>>=<<S>>",
        "spring.<<w>>.<<kebab>>=<<S>>",
    ),
    (
        "server.port=<<n>>\nspring.application.name=<<w>>",
        "# <<w>> of the <<w>>\nlogging.level.root=INFO",
        "spring.datasource.url=jdbc:postgresql://<<host>>:5432/<<w>>",
    ),
)

INI = Language(
    "ini",
    ".ini",
    (
        "[<<w>>]\nhost = <<host>>\n<<snake>> = <<S>>",
        "[<<w>>]\n<<snake>>=<<S>>\nport=<<n>>",
        '<<snake>> = "<<Sd>>"',
        "; <<snake>> = <<S>>",
        "<<camel>>=<<S>>",
    ),
    ("[<<w>>]\nenabled = true\nlimit = <<n>>", "; the <<w>>\nname = <<w>>\nregion = eu-west-1"),
)

TOML = Language(
    "toml",
    ".toml",
    (
        '<<snake>> = "<<Sd>>"',
        "[<<w>>]\nhost = \"<<host>>\"\n<<snake>> = '<<S>>'",
        '<<kebab>> = "<<Sd>>"',
        '<<w>> = { host = "<<host>>", <<snake>> = "<<Sd>>" }',
    ),
    ('[package]\nname = "<<w>>"\nversion = "0.<<n>>.0"', "[<<w>>]\nenabled = true\nports = [<<n>>, <<n>>]"),
)

YAML = Language(
    "yaml",
    ".yml",
    (
        "<<snake>>: <<S>>",
        '<<camel>>: "<<Sd>>"',
        "<<w>>:\n  host: <<host>>\n  port: <<n>>\n  <<snake>>: <<S>>",
        "<<w>>:\n  <<kebab>>: '<<S>>'\n  timeout: <<n>>",
        "services:\n  <<w>>:\n    image: <<w>>:<<n>>\n    environment:\n      - LOG_LEVEL=info\n      - <<UPPER>>=<<S>>",
        'services:\n  <<w>>:\n    environment:\n      <<UPPER>>: <<S>>\n    ports:\n      - "<<n>>:80"',
        'env:\n  - name: <<UPPER>>\n    value: "<<Sd>>"\n  - name: PORT\n    value: "<<n>>"',
        '- hosts: <<w>>\n  vars:\n    <<snake>>: "<<Sd>>"\n  tasks:\n    - name: install <<w>>\n      apt: name=<<w>> state=present',
        "  # <<snake>>: <<S>>\n  <<w>>: <<n>>",
        "<<w>>: {host: <<host>>, <<snake>>: '<<S>>'}",
    ),
    (
        "version: '3'",
        "logging:\n  level: info\n  file: /var/log/<<w>>.log",
        "replicas: <<n>>\nname: <<w>>-<<w>>",
        "features:\n  - <<w>>\n  - <<w>>",
    ),
)

HELM = Language(
    "helm",
    ".yaml",
    (
        "<<w1>>:\n  enabled: true\n  auth:\n    username: <<w1>>\n    <<camel>>: <<S>>\n  resources:\n    limits:\n      memory: 512Mi",
        'global:\n  <<camel>>: "<<Sd>>"\n  storageClass: standard',
        "extraEnv:\n  - name: <<UPPER>>\n    value: <<S>>",
        "--set <<w>>.<<camel>>=<<S>>",
    ),
    (
        "image:\n  repository: <<host>>/<<w>>\n  tag: 1.<<n>>.0\n  pullPolicy: IfNotPresent",
        "ingress:\n  enabled: false\n  host: <<host>>",
    ),
)

TERRAFORM = Language(
    "terraform",
    ".tf",
    (
        'variable "<<snake>>" {\n  type    = string\n  default = "<<Sd>>"\n}',
        'resource "aws_db_instance" "<<w>>" {\n  engine   = "postgres"\n  username = "<<w>>"\n  <<snake>> = "<<Sd>>"\n}',
        'provider "<<w>>" {\n  <<snake>> = "<<Sd>>"\n}',
        '<<snake>> = "<<Sd>>"',
        'environment {\n  variables = {\n    STAGE = "prod"\n    <<UPPER>> = "<<Sd>>"\n  }\n}',
    ),
    (
        'resource "aws_s3_bucket" "<<w1>>" {\n  bucket = "<<w1>>-<<w2>>"\n  tags = {\n    Name = "<<w1>>"\n  }\n}',
        'output "<<w1>>" {\n  value = aws_s3_bucket.<<w1>>.arn\n}',
    ),
)

JSON = Language(
    "json",
    ".json",
    (
        '{\n  "name": "<<w>>",\n  "host": "<<host>>",\n  "<<camel>>": "<<Sd>>",\n  "port": <<n>>\n}',
        '{\n  "<<w>>": {\n    "<<snake>>": "<<Sd>>",\n    "enabled": true\n  }\n}',
        '{"id": <<n>>, "<<snake>>": "<<Sd>>", "tags": ["<<w>>", "<<w>>"]}',
        '{"user":"<<w>>","<<camel>>":"<<Sd>>","remember":true}',
        '[\n  {"name": "STAGE", "value": "prod"},\n  {"name": "<<UPPER>>", "value": "<<Sd>>"}\n]',
        '{\n  "ConnectionStrings": {},\n  "<<Pascal>>": "<<Sd>>",\n  "Logging": {"LogLevel": {"Default": "Warning"}}\n}',
        '{\n  "mcpServers": {\n    "<<w>>": {\n      "command": "npx",\n      "env": {\n        "<<UPPER>>": "<<Sd>>"\n      }\n    }\n  }\n}',
    ),
)

XML = Language(
    "xml",
    ".xml",
    (
        '<configuration>\n  <appSettings>\n    <add key="Host" value="<<host>>" />\n    <add key="<<Pascal>>" value="<<Sx>>" />\n  </appSettings>\n</configuration>',
        "<server>\n  <id><<w>></id>\n  <<<camel>>><<Sx>></<<camel>>>\n</server>",
        '<resources>\n  <string name="app_name"><<W>></string>\n  <string name="<<snake>>"><<Sx>></string>\n</resources>',
        '<bean id="<<w>>" class="org.example.<<W>>">\n  <property name="host" value="<<host>>"/>\n  <property name="<<camel>>" value="<<Sx>>"/>\n</bean>',
        '<<<w1>> host="<<host>>" <<camel>>="<<Sx>>" port="<<n>>"/>',
        "<dict>\n  <key><<Pascal>></key>\n  <string><<Sx>></string>\n</dict>",
    ),
)

CONFIG = (ENV, ENV, PROPERTIES, INI, TOML, YAML, YAML, HELM, TERRAFORM, JSON, JSON, XML)
