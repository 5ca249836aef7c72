terraform {
  required_version = ">= 1.6"

  required_providers {
    authentik = {
      source  = "goauthentik/authentik"
      version = "~> 2026.5" # grant_types exists since 2026.5; for older releases see README.md
    }
    random = {
      source  = "hashicorp/random"
      version = "~> 3.6"
    }
    tls = {
      source  = "hashicorp/tls"
      version = "~> 4.0"
    }
  }
}

# The environment variables AUTHENTIK_URL and AUTHENTIK_TOKEN name the server and the account.
provider "authentik" {}
