module github.com/claimgate/claimgate/mapping/policy/oracle

go 1.26.0

require (
	github.com/claimgate/claimgate v0.0.0-00010101000000-000000000000
	github.com/minio/pkg/v3 v3.1.3
)

require (
	github.com/goccy/go-json v0.11.2 // indirect
	github.com/minio/minio-go/v7 v7.0.88 // indirect
)

replace github.com/claimgate/claimgate => ../../..
