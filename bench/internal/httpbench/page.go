package httpbench

import "fmt"

// A Page is the document of the work json: a page of a list of users.
type Page struct {
	ID    string `json:"id"`
	Note  string `json:"note"`
	Users []User `json:"users"`
}

// A User is a line of a Page.
type User struct {
	Number int     `json:"number"`
	Name   string  `json:"name"`
	Mail   string  `json:"mail"`
	Admin  bool    `json:"admin"`
	Score  float64 `json:"score"`
}

const users = 18

var (
	list = make([]User, users)
	note = "users by number; ask us for the next page"
)

func init() {
	for i := range list {
		n := 1000 + 37*i
		list[i] = User{n, fmt.Sprintf("Robin Example %d", n), fmt.Sprintf("robin.%d@mail.example.com", n), i%7 == 0, float64(n) / 8}
	}
}

// NewPage returns the page with that ID. In JSON and with a newline it is PageSize bytes, if the ID has two.
func NewPage(id string) Page { return Page{ID: id, Note: note, Users: list} }

// PageSize is the length of the JSON. What is longer than 2 KiB net/http would send in chunks.
const PageSize = 2048
