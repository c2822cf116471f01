package sink

import "errors"

var errTime = errors.New("the timestamp column of the row holds no valid time")
