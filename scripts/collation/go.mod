module shardgate.dev/scripts/collation

go 1.25.0

require golang.org/x/text v0.36.0
