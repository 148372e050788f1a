// Gin is a program with the framework gin. A gin.Engine is an http.Handler, so it moves to libuv where the server is
// made: instead of engine.Run. Try it:
//
//	cd examples/web
//	go run ./gin & # when it says listening:
//	curl http://127.0.0.1:8080/hello/gopher
//	curl -H 'Content-Type: application/json' -d '{"a":2,"b":3}' http://127.0.0.1:8080/api/sum
package main

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/uvgo/uvgo/examples/web/internal/serve"
	"github.com/uvgo/uvgo/uvhttp"
)

func main() {
	gin.SetMode(gin.ReleaseMode)
	serve.Main(&uvhttp.Server{Handler: engine(), ReadHeaderTimeout: 10 * time.Second})
}

func engine() http.Handler {
	e := gin.New()
	e.Use(gin.Recovery())
	e.GET("/hello/:name", func(c *gin.Context) { c.String(http.StatusOK, "hello, %s\n", c.Param("name")) })
	e.Group("/api").POST("/sum", func(c *gin.Context) {
		var in struct {
			A *int `json:"a" binding:"required"`
			B *int `json:"b" binding:"required"`
		}
		if err := c.ShouldBindJSON(&in); err != nil {
			c.JSON(http.StatusBadRequest, gin.H{"error": err.Error()})
			return
		}
		c.JSON(http.StatusOK, gin.H{"sum": *in.A + *in.B})
	})
	e.GET("/panic", func(*gin.Context) { panic("which Recovery answers") })
	return e
}
