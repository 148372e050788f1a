package uvnet

import "time"

// minutes is how long a test may hang before the process ends with all stacks.
const minutes = 2 * time.Minute
