"""Files as people have them, one of each kind, as recipes (see `samples`): what is secret stands between « and »."""

from __future__ import annotations

FILES: dict[str, str] = {
    "kubernetes-secret": """
apiVersion: v1
kind: Secret
metadata:
  name: shop-db
  namespace: prod
type: Opaque
data:
  username: «c2hvcHVzZXI=»
  password: «aHVudGVyMnB3»
  endpoint: «cG9zdGdyZXM6Ly9kYi5pbnRlcm5hbDo1NDMyL3Nob3A=»
""",
    "kubernetes-secret-as-kubectl-prints-it": """
apiVersion: v1
data:
  config: «cGFzc3dvcmQ9aHVudGVyMg==»
kind: Secret
metadata:
  creationTimestamp: "2024-05-01T10:00:00Z"
  name: shop
""",
    "kubernetes-deployment": """
    spec:
      containers:
        - name: api
          image: registry.example.com/shop/api:1.4.2
          env:
            - name: LOG_LEVEL
              value: debug
            - name: DB_PASSWORD
              value: «hunter2pw{alnum:2}»
            - name: API_TOKEN
              value: "«{alnum:32}»"
            - name: SESSION_SECRET
              valueFrom:
                secretKeyRef: {name: shop, key: session}
""",
    "kubeconfig": """
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1J
    server: https://10.0.0.1:6443
users:
- name: admin
  user:
    client-certificate-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1J
    client-key-data: «LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpN{b64:120}==»
- name: ci
  user:
    token: «eyJ{b64u:40}.eyJ{b64u:120}.{b64u:86}»
""",
    "docker-config": """
{
  "auths": {
    "https://index.docker.example/v1/": {
      "auth": "«bWU6aHVudGVyMnB3»"
    },
    "registry.example.com": {
      "auth": "«c3ZjOnMzY3IzdHB3ZA==»",
      "identitytoken": "«{b64u:60}»"
    }
  },
  "credsStore": "desktop"
}
""",
    "docker-compose": """
services:
  db:
    image: postgres:16
    ports: ["5432:5432"]
    environment:
      POSTGRES_USER: shop
      POSTGRES_PASSWORD: «letmein»
      POSTGRES_DB: shop
  cache:
    image: redis:7
    command: redis-server --requirepass «s3cr{alnum:6}»
  web:
    environment:
      - DATABASE_URL=postgresql://shop:«letmein»@db:5432/shop
      - CELERY_BROKER_URL=amqp://svc:«r4bb{alnum:4}»@mq:5672//
      - REDIS_URL=redis://:«s3cr{alnum:6}»@cache:6379/0
""",
    "urls": """
mysql://root:«P@ss!w0rd»@10.0.0.5:3306/shop
mariadb+pymysql://app:«{alnum:12}»@maria/shop?charset=utf8mb4
mongodb+srv://admin:«%21qaz{alnum:6}»@cluster0.example.mongodb.net/test?retryWrites=true
rediss://default:«{alnum:40}»@eu1.cache.example.io:6380
clickhouse://default:«cl1ck»@ch:9000/default
snowflake://me:«sn0w{alnum:3}»@xy12345.eu-central-1/db
neo4j+s://neo4j:«gr4ph{alnum:4}»@graph.example.com
bolt://neo4j:«{alnum:9}»@localhost:7687
nats://svc:«n4ts»@nats:4222
mqtt://dev:«mosq{alnum:3}»@broker:1883
ldap://cn=admin:«ld4p{alnum:3}»@ldap.example.com
smtps://me%40example.com:«{alnum:16}»@smtp.example.com:465
sftp://deploy:«sup3r/s3cret?»@files.example.com/inbox
https://elastic:«{alnum:20}»@es.example.com:9243
https://oauth2:«{alnum:26}»@git.example.com/o/r.git
mssql+pyodbc://sa:«P@ssw0rd#1»@sql/shop?driver=ODBC+Driver+18
postgres://app:«guest1»@db, see https://example.com:8443/npm/@types/node
""",
    "dotnet-settings": """
{
  "ConnectionStrings": {
    "Main": "Server=tcp:db.example.net,1433;Initial Catalog=shop;User ID=sa;Password=«P@$$w0rd{alnum:2}»;Encrypt=True;",
    "Legacy": "Driver={ODBC Driver 18 for SQL Server};Server=old;Uid=sa;Pwd={«a;b{alnum:8}»};",
    "Trusted": "Server=.;Database=x;Trusted_Connection=True;"
  }
}
""",
    "java-properties": """
spring.datasource.url=jdbc:postgresql://db:5432/shop?user=app&password=«s3cr{alnum:3}»
spring.datasource.username=app
audit.url=jdbc:sqlserver://sql:1433;databaseName=audit;user=sa;password=«Tr0ub4dor»;encrypt=true
legacy.url=jdbc:oracle:thin:scott/«t1g3r{alnum:2}»@dbhost:1521:ORCL
sasl.jaas.config=org.apache.kafka.common.security.ScramLoginModule required username="svc" password="«{alnum:14}»";
""",
    "java": """
Connection c = DriverManager.getConnection("jdbc:mysql://db/shop",
    "app", "«hunter{alnum:3}»");
props.put("mail.smtp.password", "«{alnum:12}7»");
request.setHeader("Authorization", "Basic «{b64:20}aA==»");
PasswordAuthentication auth = new PasswordAuthentication("svc", "«ch4nge{alnum:3}»".toCharArray());
""",
    "python": """
import requests
conn = psycopg2.connect("host=db.internal dbname=shop user=app password=«letmein»")
requests.get(URL, auth=("admin", "«hunter{alnum:2}»"))
requests.get(URL, headers={"Authorization": "Bearer «{b64u:40}»", "X-Api-Key": "«{alnum:32}»"})
requests.get(URL, cookies={"sessionid": "«{base36:32}»"})
server.login("me@example.com", "«{alnum:16}»")
es = Elasticsearch(HOSTS, http_auth=("elastic", "«{alnum:20}»"))
token = f"Bearer {token}"
engine = create_engine(f"postgresql://{user}:{password}@{host}/{name}")
""",
    "javascript": """
const headers = { 'Authorization': 'Bearer «{alnum:40}»', 'Content-Type': 'application/json' };
fetch(`${base}/v1/items`, { headers: { authorization: `Bearer ${token}` } });
const transport = nodemailer.createTransport({ host, auth: { user: 'me@example.com', pass: '«letmein»' } });
mongoose.connect('mongodb://app:«{alnum:12}»@mongo:27017/shop');
xhr.setRequestHeader("X-Auth-Token", "«{hex:32}»");
""",
    "go": """
req.Header.Set("Authorization", "token «{alnum:40}»")
req.SetBasicAuth("svc", "«s3cr{alnum:4}»")
dsn := "app:" + os.Getenv("DB_PASSWORD") + "@tcp(db:3306)/shop"
os.Setenv("API_TOKEN", "«{alnum:24}7»")
""",
    "php": """
<?php
define( 'DB_NAME', 'wordpress' );
define( 'DB_USER', 'wp' );
define( 'DB_PASSWORD', '«hunter{alnum:2}»' );
define( 'DB_HOST', 'localhost' );
define( 'AUTH_KEY',         '«{alnum:20}|+{alnum:20}»' );
define( 'NONCE_SALT',       'put your unique phrase here' );
$pdo = new PDO("mysql:host=db;dbname=shop", "app", "«letmein»");
""",
    "http-dump": """
POST /v1/orders HTTP/1.1
Host: api.example.com
Authorization: Bearer «{b64u:43}»
Proxy-Authorization: Basic «{b64:23}=»
X-Api-Key: «{alnum:32}»
Cookie: theme=dark; session=«{b64u:40}»; lang=en

HTTP/1.1 200 OK
Set-Cookie: JSESSIONID=«{upnum:32}»; Path=/; HttpOnly
Set-Cookie: connect.sid=«s%3A{b64u:32}.{alnum:43}»; Path=/
Location: https://app.example.com/cb#access_token=«{alnum:40}»&token_type=bearer&state=x
""",
    "shell": """
#!/bin/sh
mysql -h db -u root -p«letmein» shop < dump.sql
mysqldump --single-transaction -uapp -p'«s3cr{alnum:3}»' shop | gzip > /backup/shop.sql.gz
PGPASSWORD=«hunter{alnum:2}» psql -h db -U app -c 'select 1'
curl -fsS -u admin:«{alnum:12}» https://nexus.example.com/x
curl -X POST https://api.example.com/v1 \\
  -H 'Content-Type: application/json' \\
  --user 'svc:«{alnum:10}»' -d @x.json
sshpass -p '«toor{alnum:2}»' ssh root@10.0.0.9 uptime
docker login -u me -p «{alnum:16}» registry.example.com
redis-cli -h cache -a «c4che» flushall
openssl pkcs12 -in a.p12 -passin pass:«changeit» -nodes
htpasswd -bc /etc/nginx/.htpasswd admin «letmein»
smbclient //nas/share -U me%«hunter{alnum:2}»
ldapsearch -x -D cn=admin,dc=example -w «ld4p{alnum:2}» -b dc=example
mongo -u admin -p «m0ng{alnum:3}» --authenticationDatabase admin
wget --user=me --password=«w3b{alnum:4}» https://files.example.com/x
ansible-playbook site.yml -e ansible_password=«hunter{alnum:2}»
useradd -m -p «$6${alnum:8}${alnum:86}» deploy
echo «sudo{alnum:3}» | sudo -S apt-get update
echo 'root:«letmein»' | chpasswd
sqlplus system/«m4nager»@ORCL @x.sql
helm upgrade shop ./shop --set postgresql.auth.password=«{alnum:9}»
mysql -h db -u root -p"$MYSQL_ROOT_PASSWORD" -e 'select 1'
docker run -v /var/run/docker.sock:/var/run/docker.sock -p 8080:80 -u 1000:1000 nginx
""",
    "powershell": """
$pw = ConvertTo-SecureString "«P@ssw0rd{alnum:2}»" -AsPlainText -Force
$cred = New-Object System.Management.Automation.PSCredential("CORP\\svc", $pw)
net user backup «B4ckup!{alnum:2}» /add
[Environment]::SetEnvironmentVariable("API_TOKEN", "«{alnum:24}7»", "User")
""",
    "sql": """
CREATE USER 'app'@'%' IDENTIFIED BY '«hunter{alnum:2}»';
ALTER USER 'root'@'localhost' IDENTIFIED WITH mysql_native_password BY '«{alnum:10}»';
CREATE ROLE shop WITH LOGIN PASSWORD '«letmein»';
ALTER ROLE shop ENCRYPTED PASSWORD '«s3cr{alnum:4}»' VALID UNTIL 'infinity';
SET PASSWORD FOR 'x'@'%' = PASSWORD('«{alnum:8}»');
GRANT USAGE ON *.* TO 'y'@'%' IDENTIFIED BY PASSWORD '«*0123456789ABCDEF0123456789ABCDEF01234567»';
INSERT INTO users VALUES (1, 'admin', '«$2b$12${alnum:53}»');
SELECT password FROM users WHERE name = 'password';
""",
    "netrc": """
machine github.example.com
  login me@example.com
  password «{alnum:20}»
machine api.example.com login svc password «letmein»
""",
    "pgpass": """
# hostname:port:database:username:password
db.example.com:5432:shop:app:«hunter{alnum:2}»
*:*:*:postgres:«{alnum:16}»
""",
    "htpasswd": """
admin:«$apr1${alnum:8}${alnum:22}»
me:«$2y$05${alnum:53}»
old:{SHA}«{b64:27}=»
""",
    "shadow": """
root:«$6${alnum:16}${alnum:86}»:19700:0:99999:7:::
daemon:*:19000:0:99999:7:::
me:«$y$j9T${alnum:22}${alnum:43}»:19700:0:99999:7:::
""",
    "npmrc": """
registry=https://registry.example.com/
@corp:registry=https://nexus.corp.example/npm/
//nexus.corp.example/npm/:_authToken=«{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}»
//old.corp.example/:_auth="«{b64:22}==»"
//old.corp.example/:username=me
always-auth=true
""",
    "pypirc": """
[distutils]
index-servers = pypi corp

[pypi]
username = me
password = «hunter{alnum:2}»

[corp]
repository = https://nexus.corp.example/repository/pypi/
""",
    "pip-conf": """
[global]
index-url = https://me:«{alnum:20}»@nexus.corp.example/simple
trusted-host = nexus.corp.example
""",
    "git-credentials": """
https://me:«{alnum:40}»@git.example.com
https://«{alnum:40}»@git.other.example
[url "git@git.example.com:"]
    insteadOf = https://git.example.com/
[http "https://git.example.com/"]
    extraheader = AUTHORIZATION: basic «{b64:40}»
""",
    "maven-settings": """
<settings>
  <servers>
    <server>
      <id>nexus</id>
      <username>deploy</username>
      <password>«s3cr{alnum:6}»</password>
    </server>
  </servers>
  <profiles><profile><properties><sonar.login>${env.SONAR}</sonar.login></properties></profile></profiles>
</settings>
""",
    "nuget-config": """
<packageSourceCredentials>
  <corp>
    <add key="Username" value="me" />
    <add key="ClearTextPassword" value="«P4ss{alnum:8}»" />
  </corp>
</packageSourceCredentials>
""",
    "terraform": """
variable "db_password" {
  type    = string
  default = "«hunter{alnum:2}»"
}
variable "region" {
  default = "eu-central-1"
}
resource "aws_db_instance" "main" {
  username = "app"
  password = var.db_password
}
""",
    "terraform-state": """
{
  "version": 4,
  "outputs": {
    "db_password": {
      "value": "«{alnum:16}»",
      "type": "string",
      "sensitive": true
    }
  },
  "resources": [
    {
      "mode": "managed",
      "type": "random_password",
      "name": "db",
      "instances": [
        {
          "attributes": {
            "bcrypt_hash": "«$2a$10${alnum:53}»",
            "id": "none",
            "length": 20,
            "result": "«{alnum:12}#!x{alnum:4}»",
            "special": true
          }
        }
      ]
    }
  ]
}
""",
    "github-actions": """
jobs:
  deploy:
    steps:
      - uses: docker/login-action@v3
        with: { username: me, password: "${{{{ secrets.DOCKER }}" }
      - run: |
          echo "::add-mask::«{alnum:20}»"
          curl -H "Authorization: Bearer ${{{{ secrets.TOKEN }}" https://api.example.com
          curl -H "PRIVATE-TOKEN: «{alnum:20}»" https://git.example.com/api/v4/projects
        env:
          REDIS_URL: redis://:«{alnum:12}»@cache:6379
""",
    "ansible": """
[web]
web1 ansible_host=10.0.0.1 ansible_user=deploy ansible_ssh_pass=«letmein» ansible_become_pass=«hunter{alnum:2}»

[web:vars]
ansible_python_interpreter=/usr/bin/python3
""",
    "ansible-vault": """
db_password: !vault |
  $ANSIBLE_VAULT;1.1;AES256
  {hex:80}
  {hex:80}
api: ENC[AES256_GCM,data:{b64:20},iv:{b64:43}=,tag:{b64:22}==,type:str]
""",
    "wireguard": """
[Interface]
PrivateKey = «{b64:42}A=»
Address = 10.8.0.2/24
[Peer]
PublicKey = {b64:42}E=
PresharedKey = «{b64:42}o=»
Endpoint = vpn.example.com:51820
""",
    "service-account": """
{
  "type": "service_account",
  "project_id": "shop-prod",
  "private_key_id": "«{hex:40}»",
  "private_key": "«-----BEGIN PRIVATE KEY-----\\n{b64:64}\\n{b64:64}\\n{b64:30}==\\n-----END PRIVATE KEY-----»\\n",
  "client_email": "svc@shop-prod.iam.example.com"
}
""",
    "jwk": """
{"keys": [
  {"kty": "EC", "crv": "P-256", "x": "{b64u:43}", "y": "{b64u:43}", "d": "«{b64u:43}»", "kid": "1"},
  {"kty": "RSA", "n": "{b64u:342}", "e": "AQAB", "d": "«{b64u:342}»", "p": "«{b64u:171}»", "qi": "«{b64u:171}»"},
  {"kty": "oct", "kid": "2", "k": "«{b64u:32}»"}
]}
""",
    "one-time-passwords": """
otpauth://totp/Corp:me@example.com?secret=«{base32:32}»&issuer=Corp
TOTP_SECRET=«{base32:30}27»
totp = pyotp.TOTP("«{base32:14}34»")
Setup key: «{base32:3}2 {base32:4} {base32:4} {base32:4}»

Recovery codes:
1. «{hex:4}1-{hex:5}»
2. «{hex:4}2-{hex:5}»
3. «{hex:4}3-{hex:5}»
""",
    "network-device": """
hostname core-1
!
enable secret 5 «$1$mERr${alnum:22}»
username admin privilege 15 secret 0 «hunter{alnum:2}»
snmp-server community «n3tw{alnum:3}» RO
crypto isakmp key «{alnum:11}1» address 203.0.113.7
!
interface Loopback0
 description password reset page
""",
    "passwd-dump": """
Administrator:500:«aad3b435b51404eeaad3b435b51404ee:{hex:32}»:::
svc:1104:«{hex:32}:{hex:32}»:::
""",
    "django-fixture": """
[{"model": "auth.user", "pk": 1, "fields": {
  "username": "admin",
  "password": "«pbkdf2_sha256$600000${alnum:22}${b64:43}=»",
  "email": "admin@example.com"} }]
""",
}

CLEAN = """
git clone git@github.com:owner/repo.git && npm i @types/node @corp/pkg
https://localhost:8080/@fs/home  http://[::1]:3000/  ssh://git@host.example:22/o/r
postgres://user:password@localhost/db  mysql://USER:PASS@HOST/db  amqp://guest:guest@localhost//
postgres://${PGUSER}:${PGPASSWORD}@db/x  mongodb://<user>:<password>@host  redis://:{{ redis_password }}@cache
postgres://%s:%s@%s/%s  "mysql://" + user + ":" + password + "@" + host
re.compile(r"://[^:]+:[^@]+@")  https://{hex:32}@o1.ingest.sentry.io/2
Server=db;User ID=sa;Password={0};  Pwd=%DB_PW%;  jdbc:postgresql://h/db?user=a&password=${PW}
curl -u "$USER:$PW" https://x && curl -u user:password https://x && mysql -u root -p shop
docker run -p 8080:80 -u 1000:1000 -e POSTGRES_PASSWORD x && tar -xzpf a.tgz && mkdir -p /srv/data
CREATE USER x IDENTIFIED BY '<password>';  ALTER ROLE x PASSWORD '%s';
Authorization: Bearer <token>   "Authorization": `Bearer ${token}`   Authorization: Basic $(echo x)
Set-Cookie: session=...; Path=/   cookie = request.cookies.get("sessionid")
ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA{b64:43} me@host
-----BEGIN PUBLIC KEY-----
{b64:64}
-----END PUBLIC KEY-----
The machine has no login; the password is stored elsewhere. Use --password-stdin or --password-file /run/pw.
echo done | sudo tee /etc/x; echo "$PW" | docker login --password-stdin
"auth": "required", "auth": { "type": "basic" }
sha512-{b64:86}== commit {hex:40} sha256:{hex:64}
"""
