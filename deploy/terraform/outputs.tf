output "claimgate_issuer" {
  description = "For claimgate's config.toml. The URL's host must be the host at which users reach Authentik."
  value = {
    url_path  = "/application/o/${var.slug}/"
    audiences = [var.client_id]
  }
}

output "minio_environment" {
  description = "MinIO's settings, in addition to MINIO_POLICY_PLUGIN_URL, MINIO_POLICY_PLUGIN_AUTH_TOKEN and MINIO_IDENTITY_OPENID_CONFIG_URL."
  sensitive   = true
  value = {
    MINIO_IDENTITY_OPENID_CLIENT_ID     = var.client_id
    MINIO_IDENTITY_OPENID_CLIENT_SECRET = random_password.minio_client_secret.result
    MINIO_IDENTITY_OPENID_SCOPES        = "openid,profile,minio"
    MINIO_IDENTITY_OPENID_ROLE_POLICY   = "decided-by-claimgate" # a name that does not exist in MinIO
  }
}

output "introspection_client_secret" {
  description = "For claimgate's [issuer.introspection] client_secret_file, if you use introspection."
  sensitive   = true
  value       = random_password.client_secret.result
}
