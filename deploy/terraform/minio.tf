data "authentik_flow" "authorization" {
  slug = "default-provider-authorization-implicit-consent"
}

data "authentik_flow" "invalidation" {
  slug = "default-provider-invalidation-flow"
}

data "authentik_property_mapping_provider_scope" "openid" {
  managed = "goauthentik.io/providers/oauth2/scope-openid"
}

data "authentik_property_mapping_provider_scope" "email" {
  managed = "goauthentik.io/providers/oauth2/scope-email"
}

# preferred_username and groups.
data "authentik_property_mapping_provider_scope" "profile" {
  managed = "goauthentik.io/providers/oauth2/scope-profile"
}

# The provider's signing key. Without a key Authentik signs with the client secret, which
# claimgate refuses. The key is RSA, because MinIO does not accept EdDSA. Checking
# RSA-2048 costs claimgate a tenth of the RSA-4096 keys that Authentik makes.
resource "tls_private_key" "signing" {
  algorithm = "RSA"
  rsa_bits  = 2048
}

resource "tls_self_signed_cert" "signing" {
  private_key_pem       = tls_private_key.signing.private_key_pem
  validity_period_hours = 5 * 365 * 24
  allowed_uses          = ["digital_signature"]

  subject {
    common_name = "minio tokens"
  }
}

resource "authentik_certificate_key_pair" "signing" {
  name             = "minio tokens"
  certificate_data = tls_self_signed_cert.signing.cert_pem
  key_data         = tls_private_key.signing.private_key_pem
}

# MinIO keeps every string claim of the id_token in its session and sends it to
# claimgate with each question. So the id_token has a claim with a second token, signed
# with the provider's own key and bound to the same iss and sub.
resource "authentik_property_mapping_provider_scope" "minio" {
  name        = "MinIO: policy and authentik_token"
  scope_name  = "minio"
  description = "Use MinIO"
  expression  = templatefile("${path.module}/minio.py.tftpl", { validity = var.session_validity })
}

# Without this scope there is no refresh token, and claimgate login lasts one session.
data "authentik_property_mapping_provider_scope" "offline_access" {
  managed = "goauthentik.io/providers/oauth2/scope-offline_access"
}

# MinIO's client_secret. No other program has this text, because an unpatched MinIO
# accepts id_tokens that are signed with it by HS256 (CVE-2026-33322).
resource "random_password" "minio_client_secret" {
  length  = 64
  special = false
}

# The provider's secret, for introspection.
resource "random_password" "client_secret" {
  length  = 64
  special = false
}

resource "authentik_provider_oauth2" "minio" {
  name          = "minio"
  client_type   = "public" # claimgate login uses PKCE instead of a secret
  client_id     = var.client_id
  client_secret = random_password.client_secret.result

  authorization_flow = data.authentik_flow.authorization.id
  invalidation_flow  = data.authentik_flow.invalidation.id

  # From Authentik 2026.5 on the default is an empty list, with which every request
  # fails. Before 2026.5 the argument does not exist: remove it.
  grant_types = [
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:device_code",
  ]

  allowed_redirect_uris = [
    # claimgate login uses the first of these ports that is free.
    for uri in concat(var.minio_redirect_uris, [for port in [18250, 18251, 18252] : "http://127.0.0.1:${port}/callback"]) : {
      matching_mode     = "strict"
      redirect_uri_type = "authorization"
      url               = uri
    }
  ]

  # No encryption_key: claimgate and MinIO read signed tokens only.
  signing_key                = authentik_certificate_key_pair.signing.id
  issuer_mode                = "per_provider"
  sub_mode                   = "hashed_user_id" # the sub of the scope mapping
  include_claims_in_id_token = true
  access_code_validity       = "minutes=10" # also of device codes: one minute is too short for a person
  access_token_validity      = "hours=1"    # also of the id_token

  logout_method = "backchannel"
  logout_uri    = var.claimgate_logout_url

  property_mappings = [
    data.authentik_property_mapping_provider_scope.openid.id,
    data.authentik_property_mapping_provider_scope.email.id,
    data.authentik_property_mapping_provider_scope.profile.id,
    data.authentik_property_mapping_provider_scope.offline_access.id,
    authentik_property_mapping_provider_scope.minio.id,
  ]
}

# The page on which a person types the code of claimgate login --device. The brand
# must name this flow: see README.md.
resource "authentik_flow" "device" {
  name           = "Log in a device"
  title          = "Log in a device"
  slug           = "minio-device-code"
  designation    = "stage_configuration"
  authentication = "require_authenticated"
}

resource "authentik_application" "minio" {
  name              = "MinIO"
  slug              = var.slug
  protocol_provider = authentik_provider_oauth2.minio.id
}

resource "authentik_group" "minio" {
  for_each = var.groups

  name = each.value
}

# An application without bindings is open to every user.
resource "authentik_policy_binding" "minio" {
  for_each = authentik_group.minio

  target = authentik_application.minio.uuid
  group  = each.value.id
  order  = 0
}
