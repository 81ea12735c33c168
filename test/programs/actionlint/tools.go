//go:build tools

// Package tools names the actionlint program that the tests run, so that go.mod and go.sum pin it.
package tools

import _ "github.com/rhysd/actionlint/cmd/actionlint"
