terraform {
  required_version = ">= 1.6"

  required_providers {
    authentik = {
      source  = "goauthentik/authentik"
      version = "~> 2026.5" # grant_types came with 2026.5; README.md has what to do before
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

# AUTHENTIK_URL and AUTHENTIK_TOKEN say which Authentik, and as whom.
provider "authentik" {}
