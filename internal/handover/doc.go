// Package handover lets package server give a socket to a connection of package uvnet, and neither
// imports the other.
package handover
