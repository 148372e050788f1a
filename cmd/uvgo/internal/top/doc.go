// Package top shows live what a program does that shows its metrics: in a terminal, or as blocks of lines elsewhere.
//
// [Run] blocks. Its terminal, keys and signals are handles on a loop of uvgo's; what asks the program is a goroutine beside it.
package top
