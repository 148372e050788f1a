package smuggling

// lengths are requests with Content-Length: with a coding beside it, several, or no number.
func lengths() []Request {
	all := []Request{
		{Name: "length, then coding", Class: "CL.TE", Bytes: post("Content-Length: 6", coding) + noChunk + "G", Status: 400, Stricter: true},
		{Name: "length over the hidden request, then coding", Class: "CL.TE", Bytes: post("Content-Length: 40", coding) + noChunk + next, Status: 400, Stricter: true},
		{Name: "coding, then length", Class: "TE.CL", Bytes: post(coding, "Content-Length: 4") + "23\r\n" + next + "\r\n" + noChunk, Status: 400, Stricter: true},
		{Name: "coding with length 0", Class: "TE.CL", Bytes: post(coding, "Content-Length: 0") + noChunk + next, Status: 400, Stricter: true},
		{Name: "coding between two lengths", Class: "TE.CL", Bytes: post("Content-Length: 0", coding, "Content-Length: 0") + noChunk + next, Status: 400, Stricter: true},
		{Name: "coding with a length that is no number", Class: "TE.CL", Bytes: post(coding, "Content-Length: x") + noChunk + next, Status: 400},
		{Name: "coding with an empty length", Class: "TE.CL", Bytes: post(coding, "Content-Length:") + noChunk + next, Status: 400},
		{Name: "coding with length on GET", Class: "TE.CL", Bytes: get("Content-Length: 5", coding) + noChunk, Status: 400, Stricter: true},
		{Name: "two lengths", Class: "CL.CL", Bytes: post("Content-Length: 0", "Content-Length: 35") + next, Status: 400},
		{Name: "two lengths, the shorter last", Class: "CL.CL", Bytes: post("Content-Length: 35", "Content-Length: 0") + next, Status: 400},
		{Name: "two lengths in two cases", Class: "CL.CL", Bytes: post("Content-Length: 0", "content-length: 35") + next, Status: 400},
		{Name: "the same length twice", Class: "CL.CL", Bytes: post("Content-Length: 5", "Content-Length: 5") + "hello", Status: 400, Stricter: true},
		{Name: "one length with zeros in front", Class: "CL.CL", Bytes: post("Content-Length: 5", "Content-Length: 05") + "hello", Status: 400},
		{Name: "a length and an empty one", Class: "CL.CL", Bytes: post("Content-Length: 5", "Content-Length: ") + "hello", Status: 400},
	}
	// Each of these is five for some reader, or nothing.
	for name, value := range map[string]string{
		"a list of one value": "5, 5", "a list of two values": "5, 0", "a list without spaces": "5,0", "a comma behind": "5,", "a comma in front": ",5",
		"a plus sign": "+5", "a minus sign": "-5", "minus zero": "-0", "hexadecimal": "0x5", "octal": "0o5", "binary": "0b101", "an underscore": "0_5", "an underscore behind": "5_",
		"a fraction": "5.0", "an exponent": "5e0", "a space inside": "0 5", "a tab inside": "0\t5", "a word behind": "5 bytes", "a letter behind": "5a",
		"a semicolon behind": "5;q=1", "quotes": "\"5\"", "apostrophes": "'5'", "nothing": "", "2^63": "9223372036854775808", "2^64+5": "18446744073709551621", "2^32 times 2^32": "99999999999999999999999999",
		"a fullwidth digit": "\xef\xbc\x95", "an Arabic digit": "\xd9\xa5", "superscript": "\xb2", "a no-break space behind": "5\xa0", "a NUL behind": "5\x00", "a vertical tab in front": "\x0b5", "a form feed behind": "5\x0c",
		"a CR behind": "5\r", "a CR inside": "0\r5",
	} {
		all = append(all, Request{Name: "length with " + name, Class: "CL", Bytes: post("Content-Length: "+value) + "hello" + next, Status: 400})
	}
	return all
}
