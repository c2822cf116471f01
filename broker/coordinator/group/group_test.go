package group

import (
	"fmt"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
)

// play runs a script: one group, consumers with names, a clock that the script moves.
// Every command prints the transitions and answers that it caused.
type play struct {
	t      *testing.T
	g      *Group
	now    time.Time
	ids    map[string]string // consumer -> its member id, once it knows it
	gens   map[string]int32
	askers map[Ticket]string
	ticket Ticket
	nextID int
	limits Limits
	fail   bool // storing the group fails
	out    strings.Builder
}

func newPlay(t *testing.T) *play {
	p := &play{t: t, now: time.Unix(1_700_000_000, 0)}
	p.limits = Limits{InitialRebalanceDelay: 3 * time.Second, MinSessionTimeout: 6 * time.Second, MaxSessionTimeout: 30 * time.Minute, MaxSize: 100}
	p.reset()
	return p
}

func (p *play) reset() {
	p.ids, p.gens, p.askers = map[string]string{}, map[string]int32{}, map[Ticket]string{}
	p.g = New("g", p.limits, p.newID, p.event, p.now)
}

func (p *play) newID(prefix string) string {
	p.nextID++
	return fmt.Sprintf("%s-%d", prefix, p.nextID)
}

func (p *play) event(s string) { fmt.Fprintln(&p.out, strings.TrimPrefix(s, "group g: ")) }

func (p *play) ask(who string) Ticket {
	p.ticket++
	p.askers[p.ticket] = who
	return p.ticket
}

// show prints what a call decided.
func (p *play) show(r Ready) {
	if r.Persist && p.fail {
		fmt.Fprintln(&p.out, "storing fails")
		r = p.g.PersistFailed(r, p.now)
	} else if r.Persist {
		fmt.Fprintln(&p.out, "stored")
	}
	sort.SliceStable(r.Replies, func(i, j int) bool { return p.askers[r.Replies[i].Ticket] < p.askers[r.Replies[j].Ticket] })
	for _, rep := range r.Replies {
		who := p.askers[rep.Ticket]
		delete(p.askers, rep.Ticket)
		if j := rep.Join; j != nil {
			p.showJoin(who, j)
		} else if s := rep.Sync; s.Code != 0 {
			fmt.Fprintf(&p.out, "%s: sync refused: %v\n", who, s.Code)
		} else {
			fmt.Fprintf(&p.out, "%s: owns %q\n", who, s.Assignment)
		}
	}
}

func (p *play) showJoin(who string, j *JoinReply) {
	if j.MemberID != "" && (j.Code == 0 || j.Code == codeMemberIDRequired) {
		p.ids[who] = j.MemberID
	}
	if j.Code != 0 {
		fmt.Fprintf(&p.out, "%s: join refused: %v (id %q)\n", who, j.Code, j.MemberID)
		return
	}
	p.gens[who] = j.Generation
	fmt.Fprintf(&p.out, "%s: in generation %d as %s, leader %s, protocol %s", who, j.Generation, j.MemberID, j.Leader, j.Protocol)
	if j.SkipAssignment {
		fmt.Fprint(&p.out, ", skips the assignment")
	}
	for _, m := range j.Members {
		fmt.Fprintf(&p.out, " [%s %q]", m.ID, m.Metadata)
	}
	fmt.Fprintln(&p.out)
}

// args reads key=value arguments.
func args(d *datadriven.TestData) map[string]string {
	m := map[string]string{}
	for _, a := range d.CmdArgs {
		m[a.Key] = strings.Join(a.Vals, ",")
	}
	return m
}

func (p *play) duration(s string, def time.Duration) time.Duration {
	if s == "" {
		return def
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		p.t.Fatal(err)
	}
	return d
}

func (p *play) identity(a map[string]string) Identity {
	id := Identity{MemberID: p.ids[a["who"]], InstanceID: a["instance"], Generation: p.gens[a["who"]]}
	if v, ok := a["id"]; ok {
		id.MemberID = v
	}
	if v, ok := a["generation"]; ok {
		fmt.Sscan(v, &id.Generation)
	}
	return id
}

func (p *play) join(a map[string]string) {
	r := JoinRequest{
		Ticket: p.ask(a["who"]), MemberID: p.ids[a["who"]], InstanceID: a["instance"],
		ClientID: strings.ToLower(a["who"]), ProtocolType: "consumer",
		SessionTimeout:   p.duration(a["session"], 10*time.Second),
		RebalanceTimeout: p.duration(a["rebalance"], time.Minute),
	}
	if v, ok := a["id"]; ok {
		r.MemberID = v
	}
	if v, ok := a["type"]; ok {
		r.ProtocolType = v
	}
	_, r.RequireMemberID = a["v4"]
	_, r.MaySkipAssignment = a["v9"]
	list := a["protocols"]
	if list == "" {
		list = "range"
	}
	for _, s := range strings.Split(list, ",") {
		name, meta, _ := strings.Cut(s, ":")
		r.Protocols = append(r.Protocols, Protocol{name, []byte(meta)})
	}
	p.show(p.g.Join(r, p.now))
}

func (p *play) sync(a map[string]string) {
	r := SyncRequest{Ticket: p.ask(a["who"]), Identity: p.identity(a), Assignments: map[string][]byte{}}
	if v, ok := a["give"]; ok {
		for _, s := range strings.Split(v, ",") {
			who, what, _ := strings.Cut(s, ":")
			r.Assignments[p.ids[who]] = []byte(what)
		}
	}
	if v, ok := a["protocol"]; ok {
		r.Protocol = &v
	}
	p.show(p.g.Sync(r, p.now))
}

func (p *play) run(d *datadriven.TestData) string {
	p.out.Reset()
	a := args(d)
	switch d.Cmd {
	case "new":
		p.limits.InitialRebalanceDelay = p.duration(a["delay"], 0)
		if v, ok := a["max-size"]; ok {
			fmt.Sscan(v, &p.limits.MaxSize)
		}
		p.reset()
	case "join":
		p.join(a)
	case "sync":
		p.sync(a)
	case "heartbeat":
		fmt.Fprintln(&p.out, p.g.Heartbeat(p.identity(a), p.now))
	case "may-commit":
		fmt.Fprintln(&p.out, p.g.CheckCommit(p.identity(a), p.now))
	case "leave":
		codes, r := p.g.Leave([]Identity{p.identity(a)}, p.now)
		fmt.Fprintln(&p.out, codes[0])
		p.show(r)
	case "wait":
		p.wait(p.duration(d.CmdArgs[0].Key, 0))
	case "fail-storing":
		p.fail = a["off"] == "" && !d.HasArg("off")
	case "restart":
		g, err := Restore("g", p.g.Snapshot(p.now), p.limits, p.newID, p.event, p.now)
		if err != nil {
			return err.Error()
		}
		p.g = g
	case "describe":
		p.describe()
	case "kill":
		fmt.Fprintln(&p.out, p.g.Kill(p.now))
	default:
		p.t.Fatalf("%s: unknown command %q", d.Pos, d.Cmd)
	}
	return p.out.String()
}

// wait moves the clock from deadline to deadline, as the coordinator does.
func (p *play) wait(d time.Duration) {
	end := p.now.Add(d)
	for {
		at := p.g.NextDeadline()
		if at.IsZero() || at.After(end) {
			break
		}
		if at.After(p.now) {
			p.now = at
		}
		p.show(p.g.Tick(p.now))
	}
	p.now = end
}

func (p *play) describe() {
	d := p.g.Describe()
	fmt.Fprintf(&p.out, "%s generation %d type %q protocol %q\n", d.State, p.g.Generation(), d.ProtocolType, d.Protocol)
	for _, m := range d.Members {
		fmt.Fprintf(&p.out, "%s instance %q subscribes %q owns %q\n", m.ID, m.InstanceID, m.Metadata, m.Assignment)
	}
}

func TestPlays(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		p := newPlay(t)
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string { return p.run(d) })
	})
}
