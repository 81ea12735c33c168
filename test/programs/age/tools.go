//go:build tools

// Package tools names the age program that the tests run, so that go.mod and go.sum pin it.
package tools

import _ "filippo.io/age/cmd/age"
