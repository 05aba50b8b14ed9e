"""The words that names of secrets are made of, and those that say that something is no secret.

Lists alone: `names`, `values` and `evidence` say what they mean. In lower case, without accents.
"""

from __future__ import annotations


def listed(text: str) -> frozenset[str]:
    """Read words with blanks between them."""
    return frozenset(text.split())


PASSWORDS = listed("""
    adgangskode clave contrasena contrasenya geslo haslo heslo jelszo kennwort losenord lozinka mdp motdepasse
    parola parole pass passcode passe passord passphrase passw passwd password passwort passwrd paswd pasword
    paswword pincode psk psw pswd pw pwd salasana senha sifre userpass wachtwoord
    пароль パスワード 口令 密码 密碼 비밀번호 암호
""")
"""What people choose."""
SECRETS = listed("""
    clientsecret cred credential credentials creds geheimnis pepper privatekey salt secret secretkey
""")
TOKENS = listed("""
    accesskey accesstoken apikey auth authkey authtoken bearer jeton jwt nonce schlussel seed token
""")
"""What machines make."""
PASS_OF = listed("""
    admin bind db ftp http ldap login mail mongo my mysql pg proxy redis require root smtp sql user usr
""")
"""Of whom `pass` is a password where the two are one word: `dbpass`."""
SECRET_KEY_OF = listed("""
    account aes cipher crypt crypto decrypt decryption des encrypt encryption hmac jwt master primary private
    rsa secondary secret shared sign signature signing storage symmetric
""")
"""What kind of key is a secret."""
ACCESS_KEY_OF = listed("""
    access admin api app application auth authentication authorization bot client consumer deploy host
    integration licence license maps read rest security server service session ssh subscription user webhook
    write
""")
"""What kind of key opens something."""
PUBLIC_KEY_OF = listed("""
    browser cache foreign gpg hash host index map object partition pgp public row rpm sort vapid
""")
"""What kind of key is no secret."""
CODE_OF = listed("""
    access auth otp pin secret security verification
""")
NOT_BEHIND = listed("""
    allow and begin bos by cache can check checking clear cls color comment compare completion continuation
    could count create css daily delete design enable enables encode eos error expired extra fetch find first
    foreign forget forgot free from generate get has hash hashed hide i18n idempotency identifier if image in
    index input invalid is keyword keywords label last lexer literal locale lookup make map mask max message min
    missing monthly must next no not num number object on operator or pad page pagination paging parse partition
    per prev previous prompt pub public publishable punctuation read recaptcha refreshing remaining remove
    request require required requires reset revoke rotate row same select semantic sep should show site sort
    special stop sync syntax the theme to total translation two unk update use used uses validate verify vocab
    will without wrong
""")
"""A name with one of these before its kernel is none of a secret: `public_token`, `max_token`."""
NOT_BEFORE = listed("""
    action address age alg algo algorithm arg args arn at attr attribute attributes audience authenticate
    authenticator budget button by callback chain change changed checksum claim claims class cmd col color
    column command confirmation cost count created css date desc description dialog digest dir directory
    disabled duration enable enabled encoder encoding end endpoint env error errors event exists exp expiration
    expire expired expires expiry factory field fields file filename files fingerprint flag fn folder form
    format func function grant h handler hash hashed hasher hashes hashing header headers help helper helpers hint
    icon id identifier ids in index input invalid is issuer kind kinds label last leak len length lifespan
    lifetime limit limits link links locator manager managers max md5 mechanism message messages method min
    modal mode model models module msg name names namespace offset on option options package page param
    parameter parameters params parser path paths pattern period placeholder plugin policy pos position prefix
    price prompt property protected protection provider providers re reader realm ref reference references regex
    regexp request requests required reset response ring rotation route router rx schema scope scopes screen
    selector service sha1 sha256 show size source start state status store stores strength suffix symbol tag
    tags template textbox time timeout title toggle ttl type types updated uri url usage used util utils valid
    validation validator validators var variable verification version view visibility visible window writer
    xpath
""")
"""A name with one of these behind its kernel is none of a secret: `password_field`, `token_url`."""
QUALIFIERS = listed("""
    default dev development local prod production staging test testing value
""")
"""What may stand behind a name and does not change what it means."""
FUNCTION_WORDS = listed("""
    a all also an and any are as at be but by can cannot could do does else enter entered failed for forgot forgotten
    from had has have hello here how if in into is it its just like longer match may more must my need needs new no not
    of off on one only or other our out please provided reset same set should shorter so some than that the their them
    then there these they this those to too try two type use used user users via want was when where whether which who
    will with without would you your
""")
"""What sentences, messages and labels hold, and passphrases do not."""
INTERFACE_WORDS = listed("""
    access action alert allowed attr auth body box btn button callback card cell check checkbox client code column
    command common component connection container content control cookie core create credentials css custom data
    database dialog dir div document element entry env file filter flow font form forms get grant group handler header
    heading help hint host html icon info inline inputs item items key line link main menu message meta method min
    modal module name new nav node note number old only open option owner page panel param parameter path plugin popup
    post prefix primary profile property protect put read reader recovery refresh reset resource rest role root rule
    row save schema screen script secondary section select setup sign size source span step store style submit success
    suffix switch tab table tag template textbox toggle tooltip type update url user value view visible warning widget
    window wizard write
""")
"""Of what names in programs and interfaces are made."""
WEAK = listed("""
    abcdef abcdefg abcdefgh asdf asdfgh asdfghjkl azerty baseball batman charlie correcthorse dragon football
    hunter iloveyou jordan killer letmein michael monkey mustang ninja opensesame pokemon princess qazwsx qwerty
    qwertyuiop qwertz shadow starwars sunshine superman swordfish trustno welcome whatever zxcvbn zxcvbnm
""")
"""What people choose again and again, though it is a word."""
NO_PASSWORDS = listed("""
    account admin administrator always anonymous anything array ascii async automatic await basic bcrypt bearer blank
    boolean bytes change changed changeme class cleartext client config confirm const create crypt current
    default delete dict digest disable disabled dummy email empty enable enabled encrypted error errors event
    example expired external failed failure false field float foobar function generate generated global guest hashed
    hidden ignore import incorrect input integer internal invalid keyring label lambda latin list local login
    manager manual masked medium mismatch missing model native never number object optional options other others
    param params placeholder plain plaintext private prompt props protected provider public query random
    redacted remote request required response return sample schema self server service session settings short
    simple something state static storage store string strong submit super testing tests text this tiger title
    tuple undefined unknown update username valid value vault whatever wrong
""")
"""What stands where a password might and is none: types, states, labels, a documented example."""
SHORT_WORDS = listed("""
    add api app arg arn aws cfg cmd cn css csv ctx dir dn dst env err ftp gcp get gid hex html http iam id idx
    int jwt key kms len log map max min msg new num obj old otp ou pid pin pos ptr pwd ref req res rsa set sha
    sql src ssh ssl sso str tls tmp tty uid uri url use val var web xml
""")
"""What programs shorten again and again."""
