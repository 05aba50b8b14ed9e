"""Structures of one line that lead somewhere: URLs, connection strings, signed URLs."""

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

PLACES = (*URLS, *DSN, *SIGNED)
