package otel_test

import (
	"context"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/metrics/otel"
)

func TestSlowCallbacksAreSpans(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("test")
	l, err := uvgo.New(uvgo.WithName("web"), uvgo.WithSlowCallback(20*time.Millisecond), uvgo.WithSlowCallbackHook(otel.SlowCallbacks(tracer)))
	if err != nil {
		t.Fatal(err)
	}
	tm, err := l.NewTimer()
	if err != nil {
		t.Fatal(err)
	}
	var began, ended time.Time
	if err := tm.Start(0, 0, func() {
		began = time.Now()
		time.Sleep(20 * time.Millisecond)
		ended = time.Now()
	}); err != nil {
		t.Fatal(err)
	}
	if err := l.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := l.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	all := spans.Ended()
	if len(all) != 1 {
		t.Fatalf("%d spans", len(all))
	}
	s := all[0]
	if s.StartTime().After(began) || s.EndTime().Before(ended) || s.EndTime().After(time.Now()) {
		t.Errorf("the span is from %v to %v, the callback from %v to %v", s.StartTime(), s.EndTime(), began, ended)
	}
	for _, want := range []attribute.KeyValue{attribute.String("uvgo.loop", "web"), attribute.String("uvgo.handle", "timer"), attribute.String("uvgo.site", "timer")} {
		found := false
		for _, a := range s.Attributes() {
			found = found || a == want
		}
		if !found {
			t.Errorf("the span has no %v: %v", want, s.Attributes())
		}
	}
}
