"""Structures of whole files: clusters, registries, package managers, build tools, states, keys."""

from __future__ import annotations

from benchmarks.quality.texts.structure_urls import Form

TOOLS = (
    Form(
        "tool file",
        47,
        "kubernetes secret data",
        "{password64}",
        ".yaml",
        (
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: <<w>>\ntype: Opaque\ndata:\n  <<w>>-password: <<S>>",
            "kind: Secret\napiVersion: v1\ndata:\n  username: <<w>>\n  password: <<S>>\nmetadata:\n  name: <<w>>\n  namespace: <<w>>",
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: <<w>>\n  labels:\n    app: <<w>>\ndata:\n  <<w>>: <<S>>",
        ),
    ),
    Form(
        "tool file",
        47,
        "kubernetes stringData",
        "{plain}",
        ".yaml",
        (
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: <<w>>\nstringData:\n  password: <<S>>",
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: <<w>>\ntype: Opaque\nstringData:\n  <<w>>.conf: |\n    host=<<host>>\n    password=<<S>>",
            'apiVersion: v1\nkind: Secret\nmetadata:\n  name: <<w>>\nstringData:\n  <<w>>: "<<S>>"',
        ),
    ),
    Form(
        "tool file",
        48,
        "kubeconfig key",
        "{pem64:400}",
        ".yaml",
        (
            "apiVersion: v1\nkind: Config\nclusters:\n- cluster:\n    server: https://<<host>>:6443\n  name: <<w>>\nusers:\n- name: <<w>>\n  user:\n    client-key-data: <<S>>",
        ),
    ),
    Form(
        "tool file",
        48,
        "kubeconfig token",
        "{b64u:43}",
        ".yaml",
        (
            "apiVersion: v1\nkind: Config\ncurrent-context: <<w>>\nusers:\n- name: <<w>>\n  user:\n    token: <<S>>",
            'kubectl config set-credentials <<w>> --token="<<S>>"',
        ),
    ),
    Form(
        "tool file",
        49,
        "docker auth",
        "{userpass64}",
        ".json",
        (
            '{\n  "auths": {\n    "<<host>>": {\n      "auth": "<<S>>"\n    }\n  }\n}',
            '{"auths":{"https://index.docker.io/v1/":{"auth":"<<S>>","email":"<<w>>@example.org"}}}',
        ),
    ),
    Form(
        "tool file",
        50,
        "netrc",
        "{plain}",
        ".netrc",
        (
            "machine <<host>>\n  login <<w>>\n  password <<S>>",
            "machine <<host>> login <<w>> password <<S>>",
            "default login <<w>> password <<S>>",
        ),
    ),
    Form(
        "tool file",
        50,
        "pgpass",
        "{plain}",
        ".pgpass",
        ("<<host>>:5432:<<w>>:<<w>>:<<S>>", "*:*:*:postgres:<<S>>\nlocalhost:5432:*:<<w>>:"),
    ),
    Form(
        "tool file",
        51,
        "npmrc",
        "{uuid}",
        ".npmrc",
        (
            "registry=https://<<host>>/npm/\n//<<host>>/npm/:_authToken=<<S>>",
            "//npm.example.com/:_authToken=<<S>>\nalways-auth=true",
        ),
    ),
    Form(
        "tool file",
        51,
        "npmrc password",
        "{password64}",
        ".npmrc",
        ("//<<host>>/npm/:username=<<w>>\n//<<host>>/npm/:_password=<<S>>",),
    ),
    Form(
        "tool file",
        51,
        "npmrc auth",
        "{userpass64}",
        ".npmrc",
        ("_auth=<<S>>\nemail=<<w>>@example.org", "//<<host>>/:_auth=<<S>>"),
    ),
    Form(
        "tool file",
        51,
        "pypirc",
        "{plain}",
        ".pypirc",
        (
            "[distutils]\nindex-servers =\n    <<w1>>\n\n[<<w1>>]\nrepository = https://<<host>>/\nusername = <<w>>\npassword = <<S>>",
        ),
    ),
    Form(
        "tool file", 51, "yarn", "{b64u:40}", ".yml", ('npmRegistryServer: "https://<<host>>"\nnpmAuthToken: "<<S>>"',)
    ),
    Form(
        "tool file",
        52,
        "maven",
        "{plain}",
        ".xml",
        (
            "<settings>\n  <servers>\n    <server>\n      <id><<w>></id>\n      <username><<w>></username>\n      <password><<S>></password>\n    </server>\n  </servers>\n</settings>",
        ),
    ),
    Form(
        "tool file",
        52,
        "gradle",
        "{plain}",
        ".gradle",
        (
            "signing.keyId=<<id>>\nsigning.password=<<S>>\nsigning.secretKeyRingFile=<<w>>.gpg",
            "credentials {\n    username = '<<w>>'\n    password = '<<S>>'\n}",
            "mavenUser=<<w>>\nmavenPassword=<<S>>",
            "storeFile file('<<w>>.jks')\n    storePassword '<<S>>'\n    keyAlias '<<w>>'",
        ),
    ),
    Form(
        "tool file",
        52,
        "nuget",
        "{plain}",
        ".config",
        (
            '<packageSourceCredentials>\n  <<<W1>>>\n    <add key="Username" value="<<w>>" />\n    <add key="ClearTextPassword" value="<<S>>" />\n  </<<W1>>>\n</packageSourceCredentials>',
        ),
    ),
    Form(
        "tool file",
        53,
        "terraform state",
        "{plain}",
        ".tfstate",
        (
            '{\n  "version": 4,\n  "resources": [\n    {\n      "type": "aws_db_instance",\n      "instances": [\n        {\n          "attributes": {\n            "engine": "postgres",\n            "password": "<<S>>",\n            "port": 5432\n          }\n        }\n      ]\n    }\n  ]\n}',
            '"random_password": {\n  "length": 16,\n  "result": "<<S>>",\n  "special": false\n}',
            '"outputs": {\n  "db_password": {\n    "value": "<<S>>",\n    "type": "string",\n    "sensitive": true\n  }\n}',
        ),
    ),
    Form(
        "tool file",
        53,
        "tfvars",
        "{plain}",
        ".tfvars",
        ('region      = "eu-west-1"\ndb_password = "<<S>>"', 'admin_password="<<S>>"\ninstance_count=<<n>>'),
    ),
    Form("tool file", 50, "wpa", "{plain}", ".conf", ('network={\n    ssid="<<w>>"\n    psk="<<S>>"\n}',)),
    Form(
        "tool file",
        50,
        "router and ldap",
        "{plain}",
        ".conf",
        (
            "bindpw <<S>>\nbase dc=example,dc=org",
            "requirepass <<S>>\nmaxmemory 256mb",
            "smtp_sasl_password = <<S>>",
            "username <<w>> privilege 15 password 0 <<S>>",
            'rcon_password "<<S>>"',
        ),
    ),
)

_PEM = (
    "-----BEGIN RSA PRIVATE KEY-----\n<<S>>\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\n<<S>>\n-----END PRIVATE KEY-----",
    'PRIVATE_KEY = """-----BEGIN EC PRIVATE KEY-----\n<<S>>\n-----END EC PRIVATE KEY-----"""',
    "cat > id_rsa <<EOF\n-----BEGIN RSA PRIVATE KEY-----\n<<S>>\n-----END RSA PRIVATE KEY-----\nEOF",
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n<<S>>\n-----END ENCRYPTED PRIVATE KEY-----",
    "-----BEGIN DSA PRIVATE KEY-----\n<<S>>\n-----END DSA PRIVATE KEY-----",
)
KEYS = (
    Form("key", 34, "pem", "{pem:400}", ".pem", _PEM),
    Form("key", 34, "pem, short", "{pem:90}", ".pem", _PEM[:4]),
    Form(
        "key",
        34,
        "pem, cut off",
        "{pem:300}",
        ".pem",
        ("-----BEGIN RSA PRIVATE KEY-----\n<<S>>", "$ head -8 <<w>>.key\n-----BEGIN PRIVATE KEY-----\n<<S>>"),
    ),
    Form(
        "key",
        34,
        "pem in one line",
        "{pemline:400}",
        ".env",
        (
            'PRIVATE_KEY="-----BEGIN RSA PRIVATE KEY-----\\n<<S>>\\n-----END RSA PRIVATE KEY-----\\n"',
            "key: '-----BEGIN PRIVATE KEY-----\\n<<S>>\\n-----END PRIVATE KEY-----'",
        ),
    ),
    Form(
        "key",
        34,
        "openssh",
        "{openssh:300}",
        ".key",
        ("-----BEGIN OPENSSH PRIVATE KEY-----\n<<S>>\n-----END OPENSSH PRIVATE KEY-----",),
    ),
    Form(
        "key",
        11,
        "service account",
        "{pemline:600}",
        ".json",
        (
            '{\n  "type": "service_account",\n  "project_id": "<<w>>-<<n>>",\n  "private_key_id": "<<id>><<id>><<id>><<id>><<id>>",\n  "private_key": "-----BEGIN PRIVATE KEY-----\\n<<S>>\\n-----END PRIVATE KEY-----\\n",\n  "client_email": "<<w>>@<<w>>.iam.gserviceaccount.com"\n}',
        ),
    ),
    Form(
        "key",
        35,
        "pgp",
        "{pgp:500}",
        ".asc",
        (
            "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n<<S>>\n-----END PGP PRIVATE KEY BLOCK-----",
            "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n<<S>>\n-----END PGP PRIVATE KEY BLOCK-----",
        ),
    ),
    Form(
        "key",
        36,
        "putty",
        "{lines64:300}",
        ".ppk",
        (
            "PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nComment: <<w>>\nPublic-Lines: 1\nAAAAB3NzaC1yc2EAAAADAQABAAABAQ\nPrivate-Lines: 7\n<<S>>\nPrivate-MAC: <<id>><<id>><<id>><<id>><<id>>",
            "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: <<w>>\nPublic-Lines: 1\nAAAAC3NzaC1lZDI1NTE5AAAAIA\nPrivate-Lines: 7\n<<S>>\nPrivate-MAC: <<id>><<id>><<id>><<id>><<id>><<id>><<id>><<id>>",
        ),
    ),
    Form(
        "key",
        36,
        "jwk",
        "{b64u:43}",
        ".json",
        (
            '{"kty": "EC", "crv": "P-256", "x": "<<id>>", "y": "<<id>>", "d": "<<S>>", "kid": "<<w>>"}',
            '{\n  "kty": "OKP",\n  "crv": "Ed25519",\n  "d": "<<S>>",\n  "x": "<<id>><<id>>"\n}',
            '{"keys": [{"kty": "oct", "alg": "HS256", "k": "<<S>>"}]}',
        ),
    ),
    Form(
        "key",
        36,
        "jwk rsa",
        "{b64u:342}",
        ".json",
        ('{"kty":"RSA","e":"AQAB","n":"<<id>><<id>>","d":"<<S>>","alg":"RS256"}',),
    ),
    Form(
        "key",
        37,
        "age",
        "AGE-SECRET-KEY-1{bech32:58}",
        ".txt",
        (
            "# created: 2024-05-11T10:12:44Z\n# public key: age1<<id>><<id>>\n<<S>>",
            "SOPS_AGE_KEY=<<S>>",
            "age_key: <<S>>",
        ),
    ),
    Form("key", 37, "age, post-quantum", "AGE-SECRET-KEY-PQ-1{bech32:58}", ".txt", ("<<S>>", "export AGE_KEY='<<S>>'")),
    Form(
        "key",
        38,
        "keystore in base64",
        "{p12}",
        ".yml",
        ("PFX_BASE64: <<S>>", 'keystore_p12: "<<S>>"', "CERTIFICATE_PFX=<<S>>"),
    ),
    Form("key", 38, "pem in base64", "{pem64:300}", ".env", ("TLS_KEY_B64=<<S>>", "ssh_key: <<S>>", "tls.key: <<S>>")),
    Form(
        "key",
        66,
        "pem in yaml",
        "{pem:300}",
        ".yml",
        ("private_key: |\n  -----BEGIN PRIVATE KEY-----\n<<S>>\n  -----END PRIVATE KEY-----",),
    ),
)

FILES = (*TOOLS, *KEYS)
