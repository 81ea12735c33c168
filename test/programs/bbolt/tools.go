//go:build tools

// Package tools names the bbolt program that the tests run, so that go.mod and go.sum pin it.
package tools

import _ "go.etcd.io/bbolt/cmd/bbolt"
