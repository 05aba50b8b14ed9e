"""Structures of a line or two: URLs, connection strings, headers, command lines, hashes, cookies, seeds."""

from __future__ import annotations

from typing import NamedTuple


class Form(NamedTuple):
    """A structure of a row of the list: a recipe for its secret, and texts in which that stands."""

    family: str
    row: int
    name: str
    recipe: str
    suffix: str
    texts: tuple[str, ...]


URLS = (
    Form(
        "url",
        41,
        "https url",
        "{password}",
        ".sh",
        (
            "git clone https://<<w>>:<<Su>>@<<host>>/<<w>>/<<w>>.git",
            'url = "https://<<w>>:<<Su>>@<<host>>/api/v1/<<w>>"',
            "http_proxy=http://<<w>>:<<Su>>@<<host>>:3128",
            '[remote "origin"]\n\turl = https://<<w>>:<<Su>>@<<host>>/<<w>>.git',
            "--extra-index-url https://<<w>>:<<Su>>@<<host>>/simple/",
            "ftp://<<w>>:<<Su>>@<<host>>/pub/<<w>>.zip",
            "ELASTIC_URL: 'https://elastic:<<Su>>@<<host>>:9200'",
            "wget ftps://<<w>>:<<Su>>@<<host>>/<<w>>",
            "smtp://<<w>>%40example.org:<<Su>>@<<host>>:587",
            "ldap://cn=admin:<<Su>>@<<host>>:389",
        ),
    ),
    Form(
        "url",
        41,
        "token as user",
        "{alnum:32}",
        ".sh",
        (
            "git clone https://<<S>>@<<host>>/<<w>>/<<w>>.git",
            "git remote set-url origin https://<<S>>:x-oauth-basic@<<host>>/<<w>>.git",
            "https://oauth2:<<S>>@<<host>>/<<w>>/<<w>>.git",
        ),
    ),
    Form(
        "url",
        42,
        "postgres uri",
        "{password}",
        ".py",
        (
            "DATABASE_URL=postgres://<<w>>:<<Su>>@<<host>>:5432/<<w>>",
            'engine = create_engine("postgresql+psycopg2://<<w>>:<<Su>>@<<host>>/<<w>>")',
            "database:\n  url: postgresql://<<w>>:<<Su>>@<<host>>:5432/<<w>>?sslmode=require",
            'db, err := sql.Open("postgres", "postgres://<<w>>:<<Su>>@localhost/<<w>>?sslmode=disable")',
            'psql "postgresql://<<w>>:<<Su>>@127.0.0.1:5433/<<w>>" -c "select 1"',
        ),
    ),
    Form(
        "url",
        42,
        "mysql uri",
        "{password}",
        ".rb",
        (
            "SQLALCHEMY_DATABASE_URI = 'mysql+pymysql://root:<<Su>>@<<host>>/<<w>>'",
            'DATABASE_URL="mysql2://<<w>>:<<Su>>@<<host>>:3306/<<w>>"',
            'const pool = mysql.createPool("mysql://<<w>>:<<Su>>@<<host>>/<<w>>");',
            "mariadb://<<w>>:<<Su>>@<<host>>:3306",
        ),
    ),
    Form(
        "url",
        42,
        "mongodb uri",
        "{password}",
        ".js",
        (
            "mongoose.connect('mongodb+srv://<<w>>:<<Su>>@cluster0.<<id>>.mongodb.net/<<w>>?retryWrites=true');",
            "MONGO_URI=mongodb://<<w>>:<<Su>>@<<host>>:27017,<<host>>:27017/<<w>>?replicaSet=rs0",
            '"mongo": {"uri": "mongodb://<<w>>:<<Su>>@<<host>>/admin"}',
        ),
    ),
    Form(
        "url",
        42,
        "redis uri",
        "{password}",
        ".yml",
        (
            "REDIS_URL=redis://:<<Su>>@<<host>>:6379/0",
            "broker_url = 'rediss://default:<<Su>>@<<host>>:6380'",
            "redis:\n  url: redis://:<<Su>>@<<host>>",
        ),
    ),
    Form(
        "url",
        42,
        "broker uri",
        "{password}",
        ".py",
        (
            "CELERY_BROKER_URL = 'amqp://<<w>>:<<Su>>@<<host>>:5672//'",
            "spring.rabbitmq.addresses=amqps://<<w>>:<<Su>>@<<host>>/<<w>>",
            "nats://<<w>>:<<Su>>@<<host>>:4222",
            "mqtt://<<w>>:<<Su>>@<<host>>:1883",
        ),
    ),
    Form(
        "url",
        42,
        "warehouse uri",
        "{password}",
        ".py",
        (
            "clickhouse://default:<<Su>>@<<host>>:9000/<<w>>",
            "snowflake://<<w>>:<<Su>>@<<id>>.eu-west-1/<<w>>/public?warehouse=<<w>>",
            "mssql+pyodbc://sa:<<Su>>@<<host>>/<<w>>?driver=ODBC+Driver+17+for+SQL+Server",
            "oracle://<<w>>:<<Su>>@<<host>>:1521/ORCL",
            "cockroachdb://<<w>>:<<Su>>@<<host>>:26257/<<w>>",
        ),
    ),
    Form(
        "url", 140, "cloudinary uri", "{b64u:27}", ".env", ("CLOUDINARY_URL=cloudinary://<<n>><<n>><<n>>:<<S>>@<<w>>",)
    ),
)

DSN = (
    Form(
        "dsn",
        43,
        "jdbc",
        "{plain}",
        ".properties",
        (
            "spring.datasource.url=jdbc:mysql://<<host>>:3306/<<w>>?user=<<w>>&password=<<S>>&useSSL=false",
            'String url = "jdbc:postgresql://<<host>>/<<w>>?user=<<w>>&password=<<S>>";',
            "jdbc:sqlserver://<<host>>:1433;databaseName=<<w>>;user=sa;password=<<S>>;encrypt=true",
            "jdbc:oracle:thin:<<w>>/<<S>>@<<host>>:1521:orcl",
            "jdbc.url=jdbc:redshift://<<host>>:5439/<<w>>?UID=<<w>>&PWD=<<S>>",
        ),
    ),
    Form(
        "dsn",
        43,
        "odbc",
        "{plain}",
        ".py",
        (
            'conn = pyodbc.connect("DRIVER={SQL Server};SERVER=<<host>>;DATABASE=<<w>>;UID=sa;PWD=<<S>>")',
            'connectionString="Driver={MySQL ODBC 8.0};Server=<<host>>;Database=<<w>>;Uid=<<w>>;Pwd=<<S>>;"',
        ),
    ),
    Form(
        "dsn",
        26,
        "ado.net",
        "{plain}",
        ".json",
        (
            '"DefaultConnection": "Server=<<host>>;Database=<<w>>;User Id=sa;Password=<<S>>;TrustServerCertificate=True"',
            '<add name="Db" connectionString="Data Source=<<host>>;Initial Catalog=<<w>>;User ID=<<w>>;Password=<<S>>" providerName="System.Data.SqlClient" />',
            'var c = "Server=tcp:<<w>>.database.windows.net,1433;User ID=<<w>>@<<w>>;Password=<<S>>;Encrypt=true;";',
            "Host=<<host>>;Port=5432;Username=<<w>>;Password=<<S>>;Database=<<w>>",
        ),
    ),
    Form(
        "dsn",
        43,
        "libpq",
        "{plain}",
        ".py",
        (
            'conn = psycopg2.connect("host=<<host>> dbname=<<w>> user=<<w>> password=<<S>>")',
            'dsn := "host=<<host>> user=<<w>> password=<<S>> dbname=<<w>> port=5432 sslmode=disable"',
            '"<<w>>:<<S>>@tcp(<<host>>:3306)/<<w>>?parseTime=true"',
            "$pdo = new PDO('mysql:host=<<host>>;dbname=<<w>>', '<<w>>', '<<S>>');",
        ),
    ),
    Form(
        "dsn",
        18,
        "storage connection",
        "{padded:64}",
        ".json",
        (
            '"AzureWebJobsStorage": "DefaultEndpointsProtocol=https;AccountName=<<w>>;AccountKey=<<S>>;EndpointSuffix=core.windows.net"',
            "AZURE_STORAGE_CONNECTION_STRING=DefaultEndpointsProtocol=https;AccountName=<<w>>;AccountKey=<<S>>",
        ),
    ),
    Form(
        "dsn",
        21,
        "service bus",
        "{padded:32}",
        ".cs",
        (
            'var bus = "Endpoint=sb://<<w>>.servicebus.windows.net/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=<<S>>";',
            "EVENTHUB=Endpoint=sb://<<w>>.servicebus.windows.net/;SharedAccessKeyName=<<w>>;SharedAccessKey=<<S>>;EntityPath=<<w>>",
            "HostName=<<w>>.azure-devices.net;DeviceId=<<w>>;SharedAccessKey=<<S>>",
        ),
    ),
    Form(
        "dsn",
        22,
        "cosmos",
        "{padded:64}",
        ".env",
        ("COSMOS=AccountEndpoint=https://<<w>>.documents.azure.com:443/;AccountKey=<<S>>;",),
    ),
    Form(
        "dsn",
        25,
        "app configuration",
        "{padded:32}",
        ".env",
        ("APPCONFIG=Endpoint=https://<<w>>.azconfig.io;Id=<<id>>;Secret=<<S>>",),
    ),
)

SIGNED = (
    Form(
        "signed url",
        20,
        "sas",
        "{sig}",
        ".txt",
        (
            "https://<<w>>.blob.core.windows.net/<<w>>/<<w>>.zip?sv=2023-11-03&st=2024-05-11T10%3A00%3A00Z&se=2025-05-11T10%3A00%3A00Z&sr=b&sp=r&sig=<<S>>",
            'sas = "?sv=2022-11-02&ss=bfqt&srt=sco&sp=rwdlacupiytfx&se=2025-01-01T00:00:00Z&spr=https&sig=<<S>>"',
        ),
    ),
    Form(
        "signed url",
        17,
        "presigned url",
        "{hex:64}",
        ".log",
        (
            "https://<<w>>.s3.amazonaws.com/<<w>>.zip?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20240511T101244Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature=<<S>>",
        ),
    ),
    Form(
        "signed url",
        80,
        "logic app",
        "{b64u:43}",
        ".json",
        (
            '"url": "https://prod-<<n>>.westeurope.logic.azure.com:443/workflows/<<id>><<id>><<id>><<id>>/triggers/manual/paths/invoke?api-version=2016-10-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=<<S>>"',
        ),
    ),
)

HEADERS = (
    Form(
        "header",
        40,
        "bearer",
        "{b64u:24-64}",
        ".http",
        (
            "GET /v1/<<w>> HTTP/1.1\nHost: <<host>>\nAuthorization: Bearer <<S>>\nAccept: */*",
            'curl -H "Authorization: Bearer <<S>>" https://<<host>>/<<w>>',
            'headers = {"Authorization": "Bearer <<S>>"}',
            "axios.defaults.headers.common['Authorization'] = 'Bearer <<S>>';",
            'req.Header.Add("Authorization", "Bearer <<S>>")',
            "> authorization: Bearer <<S>>\n> accept: */*",
            "{'Authorization': 'Bearer <<S>>', 'X-Request-Id': '<<id>>'}",
        ),
    ),
    Form(
        "header",
        40,
        "basic",
        "{userpass64}",
        ".http",
        (
            "GET /<<w>> HTTP/1.1\nHost: <<host>>\nAuthorization: Basic <<S>>",
            'curl -H "Authorization: Basic <<S>>" https://<<host>>/<<w>>',
            'request.Headers["Authorization"] = "Basic <<S>>";',
            "proxy-authorization: Basic <<S>>",
        ),
    ),
    Form(
        "header",
        40,
        "other schemes",
        "{alnum:32-40}",
        ".py",
        (
            'headers = {"Authorization": "Token <<S>>"}',
            "Authorization: token <<S>>",
            "PRIVATE-TOKEN: <<S>>",
            "X-API-Key: <<S>>",
            "curl -H 'X-Auth-Token: <<S>>' https://<<host>>/<<w>>",
            "Authorization: ApiKey <<S>>",
            "'Ocp-Apim-Subscription-Key': '<<S>>'",
        ),
    ),
    Form(
        "header",
        39,
        "jwt",
        "{jwt}",
        ".txt",
        (
            "token: <<S>>",
            "Authorization: Bearer <<S>>",
            'const jwt = "<<S>>";',
            "ws://<<host>>/socket?access=<<S>>",
            "2024-05-11 INFO got <<S>> from <<host>>",
            "<<S>>",
        ),
    ),
)

COMMANDS = (
    Form(
        "command",
        45,
        "mysql -p",
        "{plain}",
        ".sh",
        (
            "mysql -u root -p<<S>> -h <<host>> <<w>>",
            "mysqldump -u<<w>> -p'<<S>>' <<w>> > <<w>>.sql",
            "mysql --user=root --password=<<S>> <<w>>",
        ),
    ),
    Form(
        "command",
        45,
        "curl -u",
        "{plain}",
        ".sh",
        (
            "curl -u <<w>>:<<S>> https://<<host>>/<<w>>",
            'curl --user "<<w>>:<<S>>" -X POST https://<<host>>/<<w>>',
            "curl -s -u '<<w>>:<<S>>' <<host>>",
        ),
    ),
    Form(
        "command",
        45,
        "sshpass",
        "{plain}",
        ".sh",
        ("sshpass -p <<S>> ssh <<w>>@<<host>> uptime", "sshpass -p '<<S>>' scp <<w>>.tar <<w>>@<<host>>:/tmp"),
    ),
    Form(
        "command",
        45,
        "docker login",
        "{plain}",
        ".sh",
        (
            "docker login -u <<w>> -p <<S>> <<host>>",
            "docker login --username <<w>> --password <<S>>",
            "echo '<<S>>' | docker login -u <<w>> --password-stdin",
        ),
    ),
    Form(
        "command",
        45,
        "environment",
        "{plain}",
        ".sh",
        (
            "PGPASSWORD=<<S>> psql -h <<host>> -U <<w>>",
            "PGPASSWORD='<<S>>' pg_dump <<w>>",
            "MYSQL_PWD=<<S>> mysql <<w>>",
            "RESTIC_PASSWORD=<<S>> restic backup /srv",
        ),
    ),
    Form(
        "command",
        45,
        "flags",
        "{plain}",
        ".sh",
        (
            "<<w>> --username <<w>> --password <<S>> --host <<host>>",
            "<<w>>-cli --password=<<S>> list",
            "redis-cli -h <<host>> -a <<S>> ping",
            "net use z: \\\\<<host>>\\<<w>> /user:<<w>> <<S>>",
            "openssl pkcs12 -in <<w>>.p12 -passin pass:<<S>>",
            "keytool -genkey -storepass <<S>> -keystore <<w>>.jks",
            "az login --service-principal -u <<id>> -p <<S>> --tenant <<w>>",
            "ansible-playbook <<w>>.yml -e ansible_password=<<S>>",
            "mongo --username <<w>> --password '<<S>>' <<host>>/admin",
            "ldapsearch -x -D cn=admin -w <<S>> -b dc=example",
            "smbclient //<<host>>/<<w>> -U '<<w>>%<<S>>'",
            "ALTER USER <<w>> WITH PASSWORD '<<S>>';",
            "CREATE USER '<<w>>'@'%' IDENTIFIED BY '<<S>>';",
            "echo '<<w>>:<<S>>' | chpasswd",
        ),
    ),
)

HASHES = (
    Form(
        "hash",
        144,
        "bcrypt",
        "$2b$12${crypt:53}",
        ".sql",
        ("INSERT INTO users VALUES (<<n>>, '<<w>>', '<<S>>');", '"hash": "<<S>>",', "<<w>>:<<S>>"),
    ),
    Form(
        "hash",
        144,
        "argon2",
        "$argon2id$v=19$m=65536,t=3,p=4${b64:22}${b64:43}",
        ".yml",
        ("hash: '<<S>>'", "'<<w>>', '<<S>>', now()"),
    ),
    Form(
        "hash",
        144,
        "crypt",
        "$6${crypt:16}${crypt:86}",
        ".txt",
        ("<<w>>:<<S>>:19000:0:99999:7:::", "rootpw --iscrypted <<S>>", 'user --name=<<w>> --password="<<S>>"'),
    ),
    Form("hash", 144, "apr1", "$apr1${crypt:8}${crypt:22}", ".htpasswd", ("<<w>>:<<S>>\n<<w>>:",)),
    Form("hash", 144, "pbkdf2", "$pbkdf2-sha256$29000${crypt:22}${crypt:43}", ".json", ('"password_hash": "<<S>>"',)),
)

COOKIES = (
    Form(
        "cookie",
        145,
        "session cookie",
        "{b64u:32-64}",
        ".http",
        (
            "HTTP/1.1 200 OK\nSet-Cookie: session=<<S>>; HttpOnly; Path=/\nContent-Type: text/html",
            "GET /<<w>> HTTP/1.1\nHost: <<host>>\nCookie: theme=dark; session_id=<<S>>; lang=en",
            'curl -b "sessionid=<<S>>" https://<<host>>/<<w>>',
            "document.cookie = 'auth_token=<<S>>; path=/';",
        ),
    ),
    Form(
        "cookie",
        145,
        "jsessionid",
        "{HEX:32}",
        ".http",
        ("Cookie: JSESSIONID=<<S>>; <<w>>=<<n>>", "https://<<host>>/<<w>>;jsessionid=<<S>>?page=2"),
    ),
    Form(
        "cookie",
        145,
        "connect.sid",
        "{cookie}",
        ".http",
        ("Cookie: connect.sid=<<S>>", "set-cookie: connect.sid=<<S>>; Path=/; HttpOnly"),
    ),
    Form(
        "cookie",
        145,
        "phpsessid",
        "{b36:26}",
        ".sh",
        ("curl --cookie 'PHPSESSID=<<S>>' https://<<host>>/<<w>>.php", "Cookie: PHPSESSID=<<S>>"),
    ),
    Form("cookie", 33, "gitlab session", "{hex:32}", ".http", ("Cookie: _gitlab_session=<<S>>",)),
    Form(
        "cookie",
        61,
        "slack cookie",
        "xoxd-{alnum:60}%2B{alnum:40}%3D%3D",
        ".sh",
        ("curl -H 'Cookie: d=<<S>>' https://slack.com/api/auth.test",),
    ),
)

SEEDS = (
    Form(
        "seed",
        146,
        "otpauth",
        "{b32:32}",
        ".txt",
        (
            "otpauth://totp/<<w>>:<<w>>@example.org?secret=<<S>>&issuer=<<w>>",
            "otpauth://totp/<<w>>?algorithm=SHA1&digits=6&secret=<<S>>",
        ),
    ),
    Form(
        "seed",
        146,
        "otp secret",
        "{b32:16}",
        ".py",
        ('totp = pyotp.TOTP("<<S>>")', "TOTP_SECRET=<<S>>", "mfa_seed: <<S>>"),
    ),
)

LINES = (*URLS, *DSN, *SIGNED, *HEADERS, *COMMANDS, *HASHES, *COOKIES, *SEEDS)
