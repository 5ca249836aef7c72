variable "minio_redirect_uris" {
  description = "Where Authentik may send a login back to: MinIO's console and its clients, such as https://minio.example.com/oauth_callback."
  type        = list(string)

  validation {
    condition     = length(var.minio_redirect_uris) > 0
    error_message = "Without a redirect URI nobody can log in."
  }
}

variable "claimgate_logout_url" {
  description = "claimgate's /backchannel-logout as Authentik's worker reaches it, such as https://claimgate.example.com/backchannel-logout."
  type        = string

  validation {
    condition     = endswith(var.claimgate_logout_url, "/backchannel-logout")
    error_message = "The URL must end in /backchannel-logout."
  }
}

variable "slug" {
  description = "The application's slug. It is part of the issuer: renaming it changes iss, and claimgate's [[issuer]].url with it."
  type        = string
  default     = "minio"
}

variable "client_id" {
  description = "The provider's client ID: aud of every token, MINIO_IDENTITY_OPENID_CLIENT_ID, and claimgate's audiences."
  type        = string
  default     = "minio"
}

variable "groups" {
  description = "Groups to make, by the names that mapping.toml gives policies to. Only their members may use the application."
  type        = set(string)
  default     = ["MinIO admins", "MinIO users", "MinIO readers", "MinIO writers"]
}

variable "session_validity" {
  description = "How long authentik_token counts: the longest a MinIO session can work. claimgate's max_lifetime must not be shorter."
  type        = string
  default     = "hours=8"
}
