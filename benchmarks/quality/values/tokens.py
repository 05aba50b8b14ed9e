"""Vendors' tokens by family. Row numbers are those of the list of formats that the set covers, 1 to 143."""

from __future__ import annotations

from typing import NamedTuple


class Token(NamedTuple):
    """What a vendor issues.

    `names`: how people call it, by `|`. `alone`: it is known by its looks; else it stands beside its name or `id`,
    the name and the recipe of what is issued with it.
    """

    row: int
    names: str
    recipe: str
    alone: bool = True
    id: tuple[str, str] | None = None

    @property
    def name(self) -> str:
        """The token's, and where a row has more than one form, told apart by its beginning."""
        return f"{self.row} {self.names.split('|')[0]} {self.recipe[:12].split('{')[0]}".rstrip()


def beside(row: int, names: str, recipe: str, with_id: tuple[str, str] | None = None) -> Token:
    return Token(row, names, recipe, alone=False, id=with_id)


AI = (
    Token(1, "anthropic api key|claude api key|anthropic key", "sk-ant-api03-{b64u:93}AA"),
    Token(2, "anthropic admin key|anthropic admin api key", "sk-ant-admin01-{b64u:93}AA"),
    Token(2, "claude oauth token|anthropic auth token", "sk-ant-oat01-{b64u:93}AA"),
    Token(2, "claude refresh token", "sk-ant-ort01-{b64u:93}AA"),
    Token(3, "openai api key|openai key", "sk-proj-{b64u:74}T3BlbkFJ{b64u:74}"),
    Token(3, "openai api key", "sk-proj-{b64u:20}T3BlbkFJ{b64u:20}"),
    Token(3, "openai service key|openai api key", "sk-svcacct-{b64u:58}T3BlbkFJ{b64u:58}"),
    Token(3, "openai admin key", "sk-admin-{b64u:58}T3BlbkFJ{b64u:58}"),
    Token(4, "openai api key|openai key|gpt key", "sk-{alnum:20}T3BlbkFJ{alnum:20}"),
    Token(5, "openai session key|openai session", "sess-{alnum:40}"),
    Token(5, "realtime key|openai ephemeral key", "ek_{hex:32}"),
    Token(6, "openrouter api key|openrouter key", "sk-or-v1-{hex:64}"),
    Token(108, "groq api key", "gsk_{alnum:52}"),
    Token(108, "xai api key|grok api key", "xai-{alnum:80}"),
    Token(108, "perplexity api key|pplx api key", "pplx-{alnum:48}"),
    Token(109, "replicate api token", "r8_{alnum:37}"),
    Token(109, "together api key", "tgp_v1_{b64u:43}"),
    Token(109, "fireworks api key", "fw_{alnum:24}"),
    Token(110, "deepseek api key|deepseek key", "sk-{hex:32}"),
    Token(110, "moonshot api key|stability api key", "sk-{alnum:48}"),
    beside(111, "mistral api key", "{alnum:32}"),
    beside(111, "cohere api key|co api key", "{alnum:40}"),
    Token(112, "langsmith api key|langchain api key", "lsv2_pt_{hex:32}_{hex:10}"),
    Token(112, "langsmith service key", "lsv2_sk_{hex:32}_{hex:10}"),
    Token(112, "wandb api key", "wandb_v1_{alnum:77}"),
    beside(112, "wandb api key", "{hex:40}"),
    Token(112, "pinecone api key", "pcsk_{alnum:5-6}_{alnum:63}"),
    Token(113, "elevenlabs api key|eleven api key|xi api key", "sk_{hex:48}"),
    beside(113, "deepgram api key", "{hex:40}"),
    beside(113, "assemblyai api key|aai api key", "{hex:32}"),
    Token(114, "nvidia api key|ngc api key", "nvapi-{b64u:64}"),
    Token(115, "cursor api key", "key_{hex:64}"),
    Token(115, "firecrawl api key", "fc-{hex:32}"),
    Token(115, "tavily api key", "tvly-{alnum:32}"),
    Token(115, "tavily api key", "tvly-dev-{alnum:32}"),
    beside(115, "exa api key", "{uuid}"),
    Token(59, "hf token|huggingface token|hugging face hub token", "hf_{alpha:34}"),
    Token(59, "huggingface org token", "api_org_{alpha:34}"),
)

CLOUD = (
    Token(7, "google api key|gemini api key|maps api key|firebase api key", "AIza{b64u:35}"),
    Token(8, "gemini api key|google api key", "AQ.Ab8RN6{b64u:44}"),
    Token(9, "google client secret|google oauth client secret", "GOCSPX-{b64u:28}"),
    Token(10, "google access token|gcp token", "ya29.{b64u:100-220}"),
    Token(10, "google refresh token", "1//0{b64u:60-98}"),
    beside(12, "gcs secret|gcs secret access key|gs secret key", "{b64:40}", ("gcs access key", "GOOG1{upnum:56}")),
    Token(13, "aws access key id|access key id|aws access key", "AKIA{b32:16}"),
    Token(13, "aws access key id", "ASIA{b32:16}"),
    Token(13, "aws access key id", "ABIA{b32:16}"),
    beside(14, "aws secret access key|aws secret key|aws secret|secret access key", "{b64:40}"),
    beside(14, "aws secret access key|secret key|secret", "{b64:40}", ("aws access key id", "AKIA{b32:16}")),
    beside(15, "aws session token|session token", "IQoJb3JpZ2lu{b64:380-700}"),
    beside(15, "aws session token|aws security token", "FwoGZXIvYXdz{b64:280-500}"),
    Token(16, "aws bearer token bedrock|bedrock api key", "ABSK{b64:128}"),
    Token(17, "mws auth token", "amzn.mws.{uuid}"),
    Token(18, "azure storage key|storage account key", "{b64:76}+ASt{alnum:6}=="),
    beside(18, "azure storage key|storage account key|azure storage access key", "{padded:64}"),
    Token(19, "azure client secret|client secret|aad client secret", "{alnum:3}{d:1}Q~{azure:34}"),
    beside(21, "iot hub key|service bus key|event hub key", "{padded:32}"),
    Token(23, "azure devops pat|azdo pat|system accesstoken", "{alnum:76}AZDO{alnum:4}"),
    beside(23, "azure devops pat|azure devops ext pat|ado token", "{b32l:52}"),
    beside(24, "azure openai api key|azure openai key|cognitive services key|speech key", "{hex:32}"),
    Token(24, "azure openai api key|azure openai key", "{alnum:52}JQQJ99{alnum:18}ACOG{alnum:4}"),
    Token(25, "azure function key|functions key", "{b64u:44}AzFu{b64u:6}=="),
    Token(25, "azure search key|search admin key", "{alnum:42}AzSe{alnum:6}"),
    Token(25, "acr password|container registry password", "{b64:42}+ACR{alnum:6}"),
    beside(
        137,
        "alibaba secret|aliyun access key secret|oss access key secret",
        "{alnum:30}",
        ("aliyun access key id", "LTAI{alnum:20}"),
    ),
    beside(137, "tencent secret key|cos secret key", "{alnum:32}", ("tencent secret id", "AKID{alnum:32}")),
    Token(137, "yandex api key|yc api key", "AQVN{b64u:36}"),
    Token(137, "yandex iam token|yc token", "t1.{b64u:40-90}.{b64u:86}"),
    Token(137, "yandex secret key|aws secret access key", "YC{b64u:38}"),
    beside(138, "ibm cloud api key|ibmcloud api key", "{b64u:44}"),
    beside(138, "linode token|linode api token", "{hex:64}"),
    beside(138, "scw secret key|scaleway secret key", "{uuid}", ("scw access key", "SCW{upnum:17}")),
    Token(94, "digitalocean token|do token|digitalocean access token", "dop_v1_{hex:64}"),
    Token(94, "digitalocean oauth token", "doo_v1_{hex:64}"),
    Token(94, "digitalocean refresh token", "dor_v1_{hex:64}"),
    beside(94, "spaces secret|spaces secret access key", "{b64:43}", ("spaces key", "DO00{upnum:16}")),
    Token(93, "cloudflare origin ca key", "v1.0-{hex:24}-{hex:146}"),
    Token(93, "cloudflare api token", "cfut_{alnum:40}{hex:8}"),
    Token(93, "cloudflare account token", "cfat_{alnum:40}{hex:8}"),
    beside(93, "cloudflare api token|cf api token", "{b64u:40}"),
    beside(93, "cloudflare api key|cloudflare global key", "{hex:37}"),
)

CODE = (
    Token(27, "github token|gh token|github pat|gh pat", "ghp_{crc:30}"),
    Token(28, "github oauth token|github access token", "gho_{crc:30}"),
    Token(28, "github user token", "ghu_{crc:30}"),
    Token(28, "github token|github app token", "ghs_{crc:30}"),
    Token(28, "github installation token|github token", "ghs_{d:6}_{jwt}"),
    Token(29, "github refresh token", "ghr_{crc:70}"),
    Token(29, "github refresh token", "ghr_{crc:30}"),
    Token(30, "github token|github pat|gh token", "github_pat_{alnum:22}_{alnum:59}"),
    beside(31, "github client secret|github secret|github oauth secret", "{hex:40}"),
    Token(32, "gitlab token|gitlab pat|gitlab private token", "glpat-{b64u:20}"),
    Token(32, "gitlab token|ci gitlab token", "glpat-{b64u:27}.{d:2}.{b36:9}"),
    Token(33, "gitlab deploy token", "gldt-{b64u:20}"),
    Token(33, "gitlab runner token|runner token", "glrt-{b64u:20}"),
    Token(33, "gitlab runner token", "glrt-t1_{b64u:20}"),
    Token(33, "gitlab trigger token", "glptt-{hex:40}"),
    Token(33, "gitlab job token|ci job token", "glcbt-{hex:2}_{b64u:20}"),
    Token(33, "gitlab oauth secret", "gloas-{hex:64}"),
    Token(33, "gitlab feed token", "glft-{b64u:20}"),
    Token(33, "gitlab feature flags token", "glffct-{b64u:20}"),
    Token(33, "gitlab incoming mail token", "glimt-{b36:25}"),
    Token(33, "gitlab agent token", "glagent-{b64u:50}"),
    Token(33, "gitlab scim token", "glsoat-{b64u:20}"),
    Token(33, "runner registration token|registration token", "GR1348941{b64u:20}"),
    Token(54, "tfe token|terraform cloud token|tf token app terraform io", "{alnum:14}.atlasv1.{b64u:67}"),
    Token(55, "npm token|node auth token", "npm_{crc:30}"),
    Token(56, "pypi token|twine password|pypi api token", "pypi-AgEIcHlwaS5vcmc{b64u:120-180}"),
    Token(56, "test pypi token", "pypi-AgENdGVzdC5weXBpLm9yZw{b64u:110-160}"),
    Token(57, "cargo registry token|crates token", "cio{alnum:32}"),
    Token(57, "rubygems api key|gem host api key", "rubygems_{hex:48}"),
    Token(57, "nuget api key|nuget key", "oy2{b36:43}"),
    Token(58, "docker hub token|dockerhub token|docker password", "dckr_pat_{b64u:27}"),
    Token(58, "docker org token", "dckr_oat_{b64u:32}"),
    Token(58, "swarm join token|swarm token", "SWMTKN-1-{b36:50}-{b36:25}"),
    Token(58, "swarm unlock key", "SWMKEY-1-{b64:43}"),
    Token(87, "atlassian api token|jira api token|jira token|confluence token", "ATATT3xFfGF0{b64u:171}={HEX:8}"),
    Token(87, "atlassian access token", "ATCTT3xFfGN0{b64u:171}={HEX:8}"),
    beside(87, "jira api token|atlassian api token", "{alnum:24}"),
    Token(88, "bitbucket app password|bitbucket password|bitbucket token", "ATBB{alnum:24}{HEX:8}"),
    Token(88, "bitbucket token", "BBDC-{b64:44}"),
    beside(89, "jira token|confluence token|jira pat", "{datacenter}"),
    Token(117, "circleci token|circle token", "CCIPAT_{alnum:22}_{hex:40}"),
    Token(117, "buildkite token|buildkite api token", "bkua_{hex:40}"),
    Token(117, "buildkite agent token", "bkaa_{alnum:48}"),
    beside(118, "jenkins token|jenkins api token", "11{hex:32}"),
    beside(118, "drone token", "{alnum:32}"),
    Token(119, "sonar token|sonarqube token", "squ_{hex:40}"),
    Token(119, "sonar token|sonar login", "sqp_{hex:40}"),
    Token(119, "sonar analysis token", "sqa_{hex:40}"),
    beside(119, "codecov token|snyk token", "{uuid}"),
    Token(120, "sourcegraph token|src access token", "sgp_{hex:16}_{hex:40}"),
    Token(120, "sourcegraph token", "sgp_local_{hex:40}"),
    Token(121, "artifactory api key|jfrog api key|artifactory password", "AKCp{alnum:69}"),
    Token(121, "artifactory reference token|jfrog access token", "{reftkn}"),
    beside(122, "cloudsmith api key", "{hex:40}"),
    Token(122, "packagist token", "packagist_uut_{hex:68}"),
    Token(116, "postman api key", "PMAK-{hex:24}-{hex:34}"),
    Token(116, "postman collection key", "PMAT-{upnum:26}"),
    Token(106, "pulumi access token|pulumi token", "pul-{hex:40}"),
    Token(142, "infracost api key", "ico-{alnum:32}"),
    Token(142, "prefect api key", "pnu_{alnum:36}"),
    Token(142, "harness token|harness api key", "pat.{b64u:22}.{hex:24}.{alnum:20}"),
    Token(142, "octopus api key", "API-{upnum:26}"),
)
