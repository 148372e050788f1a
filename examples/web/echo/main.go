// Echo is a program with the framework echo. An echo.Echo is an http.Handler, so it moves to libuv where the server is
// made: instead of e.Start. Try it:
//
//	cd examples/web
//	go run ./echo & # when it says listening:
//	curl http://127.0.0.1:8080/users/7
//	curl -N http://127.0.0.1:8080/count
package main

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"

	"github.com/uvgo/uvgo/examples/web/internal/serve"
	"github.com/uvgo/uvgo/uvhttp"
)

func main() {
	serve.Main(&uvhttp.Server{Handler: routes(), ReadHeaderTimeout: 10 * time.Second})
}

func routes() http.Handler {
	e := echo.New()
	e.Use(middleware.Recover(), middleware.BodyLimit(1<<20))
	e.GET("/users/:id", func(c *echo.Context) error {
		id, err := strconv.Atoi(c.Param("id"))
		if err != nil {
			return echo.NewHTTPError(http.StatusBadRequest, "the id is a number")
		}
		return c.JSON(http.StatusOK, map[string]int{"id": id})
	})
	// Each line leaves when it is flushed. A handler may sleep: the other connections of the loop go on.
	e.GET("/count", func(c *echo.Context) error {
		w := c.Response()
		flush := http.NewResponseController(w).Flush
		for i := range 3 {
			fmt.Fprintln(w, i+1)
			if err := flush(); err != nil {
				return err
			}
			time.Sleep(10 * time.Millisecond)
		}
		return nil
	})
	return e
}
