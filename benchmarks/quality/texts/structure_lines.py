"""Structures of a line or two: headers, command lines, hashes, cookies, seeds."""

from __future__ import annotations

from benchmarks.quality.texts.structure_urls import Form

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

LINES = (*HEADERS, *COMMANDS, *HASHES, *COOKIES, *SEEDS)
