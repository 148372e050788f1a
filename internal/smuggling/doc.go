// Package smuggling holds requests that attackers hide other requests in: what a proxy and a server behind it read in two ways. It is for tests of
// parsers and of running servers.
//
// The classes are those of the literature: CL.TE and TE.CL say by what the first and the second reader find the end of a body, by its length
// or its coding; TE.TE is a coding that one reader does not recognize.
package smuggling
