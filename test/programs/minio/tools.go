//go:build tools

// Package tools names the minio program that the tests run, so that go.mod and go.sum pin it. It is AGPL-3.0: a
// program that the tests start, of which nothing is linked or shipped.
package tools

import _ "github.com/minio/minio"
