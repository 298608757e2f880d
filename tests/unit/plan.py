"""The values of the staging gate implementation plan, typed from the plan, each with its task number.

Tests compare the shipped configuration and what the program declares with these, never with the program's constants.
"""

OWNER = "zebra-devops"  # head of the plan: Repository
REPOSITORY = "MarketEdge-Platform"
REPOSITORY_URL = "https://github.com/zebra-devops/MarketEdge-Platform"

AUDIENCE = "https://dev-g8trhgbfdq2sk2m8.us.auth0.com/api/v2/"  # 1.1

# 1.3, of which the application for staging takes its own hosts, development's, and the wildcards; production's two
# hosts (app.zebra.associates, platform.marketedge.co.uk) stay with the production application.
CALLBACKS = [
    "http://localhost:3000/callback",
    "https://staging.zebra.associates/callback",
    "https://*.vercel.app/callback",
    "https://*.onrender.com/callback",
]
LOGOUT_URLS = [
    "http://localhost:3000",
    "https://staging.zebra.associates",
    "https://*.vercel.app",
    "https://*.onrender.com",
]
WEB_ORIGINS = LOGOUT_URLS  # 1.3 gives the two lists the same entries

BRANCH = "staging"  # 1.4
SOURCE_BRANCH = "main"  # 1.4

REQUIRED_APPROVALS = 1  # 1.5
REQUIRED_CHECKS = ["zebra-protection-gate", "Database Migration Test"]  # 1.5

SERVICE = "marketedge-platform-staging"  # 2.1
SERVICE_URL = "https://marketedge-platform-staging.onrender.com"  # 2.1, success criteria
REGION = "oregon"  # 2.1, 2.2: "Oregon (us-west)"
RUNTIME = "python"  # 2.1: "Python 3.11"
PYTHON = "3.11"
SERVICE_PLAN = "free"  # 2.1
BUILD_COMMAND = (  # 2.1
    "python --version && pip install --upgrade pip && "
    "pip install --no-cache-dir --only-binary=:all: -r requirements.txt"
)
START_COMMAND = "./render-startup.sh"  # 2.1
HEALTH_CHECK_PATH = "/health"  # 2.1: "Health endpoint returns 200 OK"; appendix B names the path
ENV_GROUP = "staging-env"  # 2.1
SERVICE_VARIABLES = {"ENVIRONMENT": "staging", "RUN_MIGRATIONS": "true"}  # 2.1
PORT_FROM = {"type": "web", "name": "marketedge-platform-staging", "property": "port"}  # 2.1

DATABASE = "marketedge-staging-db"  # 2.2
DATABASE_NAME = "marketedge_staging"  # 2.2
DATABASE_USER = "marketedge_staging_user"  # 2.2
DATABASE_PLAN = "free"  # 2.2

BACKEND_DOMAIN = "staging-api.zebra.associates"  # 2.3
BACKEND_CNAME = "marketedge-platform-staging.onrender.com"  # 2.3
DNS_TTL = 300  # 2.3, 2.6

AUTH0_DOMAIN = "dev-g8trhgbfdq2sk2m8.us.auth0.com"  # 2.4, 2.5
CORS_ORIGINS = "https://staging.zebra.associates,https://*.vercel.app,http://localhost:3000"  # 2.4
GROUP_VARIABLES = {  # 2.4: what the plan writes out
    "AUTH0_DOMAIN": AUTH0_DOMAIN,
    "AUTH0_AUDIENCE": AUDIENCE,
    "JWT_ALGORITHM": "HS256",
    "ACCESS_TOKEN_EXPIRE_MINUTES": "30",
    "REFRESH_TOKEN_EXPIRE_DAYS": "7",
    "DEBUG": "true",
    "LOG_LEVEL": "DEBUG",
    "CORS_ORIGINS": CORS_ORIGINS,
    "CSRF_ENABLED": "false",
    "CADDY_PROXY_MODE": "false",
    "ENABLE_DEBUG_LOGGING": "true",
    "SENTRY_DSN": "",  # "<staging-sentry-dsn-or-empty>"
}
GROUP_PLACEHOLDERS = [  # 2.4: what the plan leaves to be filled in; ENVIRONMENT is the service's own (2.1)
    "REDIS_URL",
    "AUTH0_CLIENT_ID",
    "AUTH0_CLIENT_SECRET",
    "AUTH0_ACTION_SECRET",
    "JWT_SECRET_KEY",
]

VERCEL_PROJECT = "marketedge-frontend"  # 2.5
VERCEL_TARGETS = ["preview"]  # 2.5: "staging will use Preview"
VERCEL_VARIABLES = {  # 2.5; the client id is the plan's only value that staging's own application replaces (1.3)
    "NEXT_PUBLIC_API_BASE_URL": SERVICE_URL,
    "NEXT_PUBLIC_ENVIRONMENT": "staging",
    "NEXT_PUBLIC_AUTH0_DOMAIN": AUTH0_DOMAIN,
    "NEXT_PUBLIC_EPIC_1_ENABLED": "true",
    "NEXT_PUBLIC_EPIC_2_ENABLED": "true",
    "NEXT_PUBLIC_DEBUG_MODE": "true",
}
VERCEL_CLIENT_ID = "NEXT_PUBLIC_AUTH0_CLIENT_ID"  # 2.5

FRONTEND_DOMAIN = "staging.zebra.associates"  # 2.6
FRONTEND_URL = "https://staging.zebra.associates"  # 2.6
FRONTEND_CNAME = "cname.vercel-dns.com"  # 2.6

MONTHLY_COST = 0  # 10.1, with the free plans of 2.1 and 2.2
