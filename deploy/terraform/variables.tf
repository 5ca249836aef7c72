variable "minio_redirect_uris" {
  description = "Redirect URIs that Authentik accepts: of MinIO's console and of its clients, such as https://minio.example.com/oauth_callback."
  type        = list(string)

  validation {
    condition     = length(var.minio_redirect_uris) > 0
    error_message = "Without a redirect URI nobody can log in."
  }
}

variable "claimgate_logout_url" {
  description = "The URL of claimgate's /backchannel-logout for Authentik's worker, such as https://claimgate.example.com/backchannel-logout."
  type        = string

  validation {
    condition     = endswith(var.claimgate_logout_url, "/backchannel-logout")
    error_message = "The URL must end in /backchannel-logout."
  }
}

variable "slug" {
  description = "The application's slug. It is part of the issuer: if you change it, iss changes, and you must change claimgate's [[issuer]].url."
  type        = string
  default     = "minio"
}

variable "client_id" {
  description = "The provider's client ID. It is aud of every token, MINIO_IDENTITY_OPENID_CLIENT_ID, and claimgate's audiences."
  type        = string
  default     = "minio"
}

variable "groups" {
  description = "Groups to create, with the names in mapping.toml. Only their members may use the application."
  type        = set(string)
  default     = ["MinIO admins", "MinIO users", "MinIO readers", "MinIO writers"]
}

variable "session_validity" {
  description = "The lifetime of authentik_token, and so the longest useful MinIO session. claimgate's max_lifetime must not be shorter."
  type        = string
  default     = "hours=8"
}
