package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"cyberbrief/bot/bottest"
	"cyberbrief/config"
)

// The files for compose, systemd, Kubernetes and GitHub repeat facts that the
// code and the Dockerfile decide. These tests keep them in step.

// readYAML reads the documents of a file into one value each.
func readYAML[T any](t *testing.T, path string) []T {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []T
	for d := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var v T
		err := d.Decode(&v)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all = append(all, v)
	}
}

// mustBeVariable fails when the bot does not read a variable.
func mustBeVariable(t *testing.T, file, name string) {
	t.Helper()
	if !slices.ContainsFunc(config.Variables(), func(v config.Variable) bool { return v.Name == name }) {
		t.Errorf("%s sets %s, which the bot does not read", file, name)
	}
}

func TestCompose(t *testing.T) {
	type service struct {
		Environment map[string]string `yaml:"environment"`
		Ports       []string          `yaml:"ports"`
		ReadOnly    bool              `yaml:"read_only"`
		CapDrop     []string          `yaml:"cap_drop"`
		Healthcheck struct {
			Test []string `yaml:"test"`
		} `yaml:"healthcheck"`
		DependsOn map[string]struct{ Condition string } `yaml:"depends_on"`
	}
	const file = "../../compose.yaml"
	services := readYAML[struct{ Services map[string]service }](t, file)[0].Services
	s, d := services["cyberbrief"], readDockerfile(t)
	for name := range s.Environment {
		mustBeVariable(t, file, name)
	}
	port := d.one(t, "EXPOSE")
	if s.Environment["LISTEN"] != "0.0.0.0:"+port || !slices.Equal(s.Ports, []string{"127.0.0.1:" + port + ":" + port}) {
		t.Errorf("listens on %s, publishes %q; the image has %s", s.Environment["LISTEN"], s.Ports, port)
	}
	if want := []string{"CMD", words(t, d.one(t, "ENTRYPOINT"))[0], "health"}; !slices.Equal(s.Healthcheck.Test, want) {
		t.Errorf("health check %q, want %q", s.Healthcheck.Test, want)
	}
	if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) {
		t.Errorf("read_only %v, cap_drop %q", s.ReadOnly, s.CapDrop)
	}
	if s.DependsOn["postgres"].Condition != "service_healthy" || len(services["postgres"].Healthcheck.Test) == 0 {
		t.Error("the bot does not wait for a database that is well")
	}
	for _, name := range variablesIn(t, "../../.env.example") {
		if name != "DIGEST_FOLDER" && name != "POSTGRES_PASSWORD" { // compose.yaml's own
			mustBeVariable(t, ".env.example", name)
		}
	}
}

// variablesIn are the names that an environment file sets.
func variablesIn(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^([A-Z_]+)=`).FindAllStringSubmatch(string(text), -1) {
		names = append(names, m[1])
	}
	if len(names) == 0 {
		t.Errorf("%s sets nothing", path)
	}
	return names
}

// kubernetesObject is what the tests ask of an object in a manifest.
type kubernetesObject struct {
	Kind       string
	Data       map[string]string
	StringData map[string]string `yaml:"stringData"`
	Spec       struct {
		Replicas     int
		MinAvailable int `yaml:"minAvailable"`
		Template     struct {
			Spec struct {
				TerminationGracePeriodSeconds int `yaml:"terminationGracePeriodSeconds"`
				SecurityContext               struct {
					RunAsNonRoot bool `yaml:"runAsNonRoot"`
					RunAsUser    int  `yaml:"runAsUser"`
				} `yaml:"securityContext"`
				Containers []kubernetesContainer
			}
		}
	}
}

type kubernetesContainer struct {
	Ports []struct {
		Name          string
		ContainerPort int `yaml:"containerPort"`
	}
	StartupProbe    kubernetesProbe `yaml:"startupProbe"`
	LivenessProbe   kubernetesProbe `yaml:"livenessProbe"`
	ReadinessProbe  kubernetesProbe `yaml:"readinessProbe"`
	SecurityContext struct {
		AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
		ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
		Capabilities             struct{ Drop []string }
	} `yaml:"securityContext"`
}

type kubernetesProbe struct {
	HTTPGet struct{ Path, Port string } `yaml:"httpGet"`
}

func TestKubernetesManifest(t *testing.T) {
	const file = "../../docs/deploy/kubernetes.yaml"
	objects := map[string]kubernetesObject{}
	for _, o := range readYAML[kubernetesObject](t, file) {
		objects[o.Kind] = o
	}
	for _, kind := range []string{"ConfigMap", "Secret", "Deployment", "Service", "PodDisruptionBudget"} {
		if _, ok := objects[kind]; !ok {
			t.Errorf("no %s", kind)
		}
	}
	for name := range objects["ConfigMap"].Data {
		mustBeVariable(t, file, name)
	}
	for name := range objects["Secret"].StringData {
		mustBeVariable(t, file, name)
	}
	if url := objects["Secret"].StringData["DATABASE_URL"]; !strings.HasPrefix(url, "postgres://") {
		t.Errorf("two replicas on %s", url)
	}
	deployment := objects["Deployment"].Spec
	if deployment.Replicas != 2 || objects["PodDisruptionBudget"].Spec.MinAvailable != 1 {
		t.Errorf("%d replicas, of which %d stay", deployment.Replicas, objects["PodDisruptionBudget"].Spec.MinAvailable)
	}
	if got := deployment.Template.Spec.TerminationGracePeriodSeconds; float64(got) <= stopTimeout.Seconds() {
		t.Errorf("killed after %d s; an end takes up to %s", got, stopTimeout)
	}
	user, _, _ := strings.Cut(readDockerfile(t).one(t, "USER"), ":")
	if c := deployment.Template.Spec.SecurityContext; !c.RunAsNonRoot || user != strconv.Itoa(c.RunAsUser) {
		t.Errorf("runs as %+v; the image has %s", c, user)
	}
	checkContainer(t, deployment.Template.Spec.Containers[0])
}

func checkContainer(t *testing.T, c kubernetesContainer) {
	t.Helper()
	if port := readDockerfile(t).one(t, "EXPOSE"); strconv.Itoa(c.Ports[0].ContainerPort) != port {
		t.Errorf("port %d, the image has %s", c.Ports[0].ContainerPort, port)
	}
	if s := c.SecurityContext; s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || !s.ReadOnlyRootFilesystem || !slices.Equal(s.Capabilities.Drop, []string{"ALL"}) {
		t.Errorf("securityContext %+v", s)
	}
	// A bot that waits for its database is alive: only the readiness may
	// depend on others.
	for name, probe := range map[string]struct {
		kubernetesProbe
		want string
	}{
		"startup": {c.StartupProbe, "/healthz"}, "liveness": {c.LivenessProbe, "/healthz"}, "readiness": {c.ReadinessProbe, "/readyz"},
	} {
		if probe.HTTPGet.Path != probe.want || probe.HTTPGet.Port != c.Ports[0].Name {
			t.Errorf("%s probe asks %s on %s", name, probe.HTTPGet.Path, probe.HTTPGet.Port)
		}
	}
	w := newWorld(t, bottest.SQLite(t))
	address := w.address(w.run(morning))
	for _, path := range []string{c.LivenessProbe.HTTPGet.Path, c.ReadinessProbe.HTTPGet.Path} {
		response, err := http.Get(address + path)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("%s answers %s", path, response.Status)
		}
	}
}

func TestSystemdUnit(t *testing.T) {
	const file = "../../docs/deploy/cyberbrief.service"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^Environment=([A-Z_]+)=`).FindAllStringSubmatch(string(text), -1) {
		mustBeVariable(t, file, m[1])
	}
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("continuous integration must check the unit: %v", err)
		}
		t.Skipf("the unit is not checked: %v", err)
	}
	// The program is not installed here; another one stands in for it.
	program := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/cyberbrief run$`)
	if !program.Match(text) {
		t.Error("ExecStart is not the program")
	}
	unit := filepath.Join(t.TempDir(), filepath.Base(file))
	if err := os.WriteFile(unit, program.ReplaceAll(text, []byte("ExecStart=/bin/true")), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("systemd-analyze", "verify", unit).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("verify: %v, %s", err, out)
	}
	// 10 is fully exposed; systemd's own words for 2.0 are "OK".
	if out, err := exec.Command("systemd-analyze", "security", "--offline=true", "--threshold=20", unit).CombinedOutput(); err != nil {
		t.Errorf("security: %v, %s", err, out)
	}
}

// TestWorkflow holds the workflow of GitHub to what .ci/run and the Dockerfile
// say.
func TestWorkflow(t *testing.T) {
	const file = "../../.github/workflows/ci.yml"
	type job struct {
		Container struct{ Image string }
		Steps     []struct{ Uses, Run string }
	}
	jobs := readYAML[struct{ Jobs map[string]job }](t, file)[0].Jobs
	pinned := regexp.MustCompile(`^[\w-]+/[\w-]+@[0-9a-f]{40}$`)
	for name, j := range jobs {
		for _, s := range j.Steps {
			if s.Uses != "" && !pinned.MatchString(s.Uses) {
				t.Errorf("%s uses %s: name the commit", name, s.Uses)
			}
		}
	}
	runs := func(name, command string) {
		if !slices.ContainsFunc(jobs[name].Steps, func(s struct{ Uses, Run string }) bool { return strings.Contains(s.Run, command) }) {
			t.Errorf("job %s does not run %q", name, command)
		}
	}
	runs("check", "bash .ci/run")
	runs("image", "docker build ")
	runs("image", "/usr/local/bin/cyberbrief health")
	runs("release", ".ci/release")
	if image := jobs["check"].Container.Image; image != readDockerfile(t).from[0] {
		t.Errorf("checked with %s, built with %s", image, readDockerfile(t).from[0])
	}
}
