// Package e2e tests whole servers as their users see them: through the ports, with real
// clients, across kills and bad input. The tests start the server as a process of its
// own (the test binary itself, told so by an environment variable), because some of them
// kill it.
package e2e
