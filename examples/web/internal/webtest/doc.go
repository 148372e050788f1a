// Package webtest helps the examples' tests.
package webtest
