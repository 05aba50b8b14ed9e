"""Places where a generic secret is hard to see: arguments, comments, prose in other languages, tests, several lines."""

from __future__ import annotations

from benchmarks.quality.texts.languages_code import JAVASCRIPT, PYTHON
from benchmarks.quality.texts.languages_config import INI
from benchmarks.quality.texts.languages_text import PROSE
from benchmarks.quality.texts.surroundings import Language

ARGUMENTS = Language(
    "arguments",
    ".py",
    (
        'client.login("<<w>>", "<<Sd>>")',
        "connection = connect('<<host>>', '<<w>>', '<<Ss>>')",
        'auth=("<<w>>", "<<Sd>>")',
        "session.auth = HTTPBasicAuth('<<w>>', '<<Ss>>')",
        'user.set_password("<<Sd>>")',
        "User.objects.create_user('<<w>>', '<<w>>@example.org', '<<Ss>>')",
        'DriverManager.getConnection(url, "<<w>>", "<<Sd>>");',
        'smtp.login("<<w>>@example.org", "<<Sd>>")',
        'ssh.connect("<<host>>", username="<<w>>", password="<<Sd>>")',
        '$link = mysqli_connect("<<host>>", "<<w>>", "<<Sd>>", "<<w>>");',
        "client.auth('<<Ss>>')",
        'new NetworkCredential("<<w>>", "<<Sd>>")',
        'passwordEncoder.encode("<<Sd>>")',
        'hmac.new(b"<<Sd>>", body, "sha256")',
        "jwt.sign({ id: <<n>> }, '<<Ss>>', { expiresIn: '1h' });",
        'app.use(session({ secret: "<<Sd>>", resave: false }));',
        "cookieParser('<<Ss>>')",
        'encrypt(text, "<<Sd>>")',
        "crypto.createHmac('sha256', '<<Ss>>')",
        'Fernet(b"<<Sd>>")',
    ),
    PYTHON.filler,
)

TESTS = Language(
    "tests",
    ".js",
    (
        "await page.fill('#password', '<<Ss>>');",
        'driver.find_element(By.ID, "<<snake>>").send_keys("<<Sd>>")',
        "cy.get('[name=<<camel>>]').type('<<Ss>>')",
        'assert check_password("<<Sd>>", stored)',
        "const user = { email: '<<w>>@example.org', <<camel>>: '<<Ss>>' };",
        'When I fill in "<<Title>>" with "<<Sd>>"',
        'response = self.client.post("/login", {"username": "<<w>>", "<<snake>>": "<<Sd>>"})',
        'given().auth().basic("<<w>>", "<<Sd>>")',
        "fill_in '<<Title>>', with: '<<Ss>>'",
        '@pytest.fixture\ndef <<snake>>():\n    return "<<Sd>>"',
        'assert_equal "<<Sd>>", config.<<snake>>',
        'expect(config.<<camel>>).toEqual("<<Sd>>")',
    ),
    JAVASCRIPT.filler,
)

SPREAD = Language(
    "several lines",
    ".js",
    (
        '<<snake>> = (\n    "<<Sd>>"\n)',
        "const <<camel>> =\n  '<<Ss>>';",
        "<<snake>>: >-\n  <<S>>",
        "<<camel>>: |\n    <<S>>",
        '<add\n  key="<<Pascal>>"\n  value="<<Sx>>" />',
        '<<UPPER>> = \\\n    "<<Sd>>"',
        'new <<W>>()\n    .<<camel>>(\n        "<<Sd>>"\n    )',
        "- name: <<UPPER>>\n  secure: true\n  value: <<S>>",
        '{\n  "key": "<<UPPER>>",\n  "type": "string",\n  "value": "<<Sd>>"\n}',
        '<<snake>> = "".join(["<<Sd>>"])',
        '"parameters": {\n  "<<camel>>": {\n    "value": "<<Sd>>"\n  }\n}',
        "<property>\n  <name><<dotted>></name>\n  <value><<Sx>></value>\n</property>",
    ),
    JAVASCRIPT.filler,
)

COMMENTS = Language(
    "comments",
    ".py",
    (
        "# remember to remove <<phrase>> <<S>> before release",
        '// <<camel>> = "<<Sd>>"',
        "/* <<phrase>>: <<S>> */",
        "<!-- <<phrase>>: <<S>> -->",
        "# login with <<w>> / <<S>>",
        "-- <<phrase>> is <<S>>",
        "REM <<UPPER>>=<<S>>",
        "; <<snake>>: <<S>>",
        '""" The <<phrase>> on <<host>> is "<<Sd>>". """',
        "# user: <<w>>, <<snake>>: <<S>>",
    ),
    PYTHON.filler,
)

SPEECH = Language(
    "prose",
    ".txt",
    (
        "the <<phrase>> is <<S>>, please do not share it",
        "You can log in as <<w>> with the <<phrase>> <<S>>.",
        "username: <<w>>  <<phrase>>: <<S>>",
        "Das <<phrase>> lautet <<S>>",
        "Le <<phrase>> est <<S>>.",
        "<<phrase>> for <<w>>@<<host>> = <<S>>",
        "I changed the <<phrase>> to `<<S>>` yesterday",
        "creds: <<w>> / <<S>>",
        'It\'s "<<S>>" (that is the <<phrase>> of the <<w>>)',
        "| <<w>> | <<Title>> | <<S>> |",
        "Your new <<phrase>> is: <<S>>\nPlease change it after you have signed in.",
        "<<w>>@example.org:<<S>>",
    ),
    PROSE.filler,
)

ENCODED = Language(
    "json in json",
    ".json",
    (
        '{"body": "{\\"user\\": \\"<<w>>\\", \\"<<snake>>\\": \\"<<S>>\\"}"}',
        'SECRETS=\'{"<<camel>>": "<<S>>", "port": <<n>>}\'',
        '"SecretString": "{\\"username\\":\\"<<w>>\\",\\"<<camel>>\\":\\"<<S>>\\"}"',
        'curl -d \'{"user":"<<w>>","<<camel>>":"<<S>>"}\' https://<<host>>/login',
        'curl -d "user=<<w>>&<<snake>>=<<Su>>" https://<<host>>/login',
        "https://<<host>>/callback?state=<<id>>&<<snake>>=<<Su>>#<<w>>",
    ),
)

CONFIGS = Language(
    "rare forms",
    ".conf",
    (
        '(setq <<kebab>> "<<Sd>>")',
        "<<Pascal>> := '<<S>>';",
        "set <<snake>> <<S>>",
        "<<snake>> <<S>>;",
        "<<UPPER>>?=<<S>>",
        'local <<snake>> = "<<Sd>>"',
        "DECLARE @<<camel>> NVARCHAR(64) = '<<S>>';",
        '<<snake>> <- "<<Sd>>"',
        'let <<camel>>: string | undefined = "<<Sd>>";',
        '{:<<kebab>> "<<Sd>>"}',
        '%{<<snake>>: "<<Sd>>"}',
        '#define <<UPPER>> L"<<Sd>>"',
        '<<camel>>="${<<UPPER>>:-<<S>>}"',
        "<<Pascal>>=\"{{ default('<<S>>') }}\"",
        '<% <<snake>> = "<<Sd>>" %>',
    ),
    INI.filler,
)

HARD = (ARGUMENTS, TESTS, SPREAD, COMMENTS, SPEECH, ENCODED, CONFIGS)
