//go:build tools

// Package tools keeps etcd's programs among the requirements of this module, so that `go mod tidy` does not
// drop them. It is never compiled.
package tools

import (
	_ "go.etcd.io/etcd/etcdctl/v3"
	_ "go.etcd.io/etcd/etcdutl/v3"
	_ "go.etcd.io/etcd/server/v3"
)
