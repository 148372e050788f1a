package deploy

import (
	"context"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
)

// TestTheComposeFile: it is valid by the schema of the Compose specification, and gives the workers time to drain.
func TestTheComposeFile(t *testing.T) {
	options, err := cli.NewProjectOptions([]string{root + "deploy/compose/compose.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	web := project.Services["web"]
	knowsFlags(t, web.Command)
	knowsFlags(t, web.HealthCheck.Test)
	drain, grace := span(t, web.Command, "drain-timeout"), time.Duration(*web.StopGracePeriod)
	if own := span(t, web.Command, "drain"); !(own < drain && drain < grace) {
		t.Errorf("the server drains for %v, its supervisor waits for %v, and the container is killed after %v", own, drain, grace)
	}
}
