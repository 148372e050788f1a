package lint

import "testing"

func TestRuleUnknownNames(t *testing.T) {
	api := "pkg uvnet, func Dial(string) error\npkg uvnet, const ReadOnly Mode = 1\npkg uvnet, method (*TCPConn) File() error\n" +
		"pkg uvnet, type TCPConn struct\npkg uvnet, type Dialer struct, Timeout int\npkg uvnet, type Dialer struct\npkg uvnet, var ErrX error\n"
	page := func(text string) tree { return tree{"api/uvnet.txt": api, "docs/a.md": text} }
	runCases(t, unknownNames, []ruleCase{
		{"right", page("`uvnet.Dial` `uvnet.ReadOnly` `uvnet.TCPConn.File` `(*uvnet.TCPConn).File` uvnet.Dialer.Timeout uvnet.ErrX `&uvnet.Dialer{}`\n"), nil},
		{"of others", page("net.Listen, other.uvnet.Nothing, docs/uvnet.Md, uvnet.md\n"), nil},
		{"wrong", page("`uvnet.Listen`\n\n```go\nx := &uvnet.TCPConn.Close\n```\n(*uvnet.Conn).Read\n"), []string{
			"docs/a.md:1: there is no uvnet.Listen",
			"docs/a.md:4: there is no uvnet.TCPConn.Close",
			"docs/a.md:6: there is no uvnet.Conn",
		}},
	})
}
