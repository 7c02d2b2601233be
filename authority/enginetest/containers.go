package enginetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"

	"github.com/stella-ops/stella/authority/mongostore"
)

// The images, unless STELLA_TEST_POSTGRES_IMAGE and STELLA_TEST_MONGO_IMAGE name others.
const (
	postgresImage = "postgres:17-alpine"
	mongoImage    = "mongo:8"
)

func images() (postgres, mongo string) {
	return cmp.Or(os.Getenv("STELLA_TEST_POSTGRES_IMAGE"), postgresImage), cmp.Or(os.Getenv("STELLA_TEST_MONGO_IMAGE"), mongoImage)
}

// haveImages asks the Docker daemon for the images, which may pull them.
func haveImages(ctx context.Context) error {
	postgres, mongo := images()
	return errors.Join(have(ctx, postgres), have(ctx, mongo))
}

// have returns when the daemon has an image, or why it cannot have it. Testcontainers
// would go on asking a registry that is not there for a quarter of an hour.
func have(ctx context.Context, image string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	docker, err := connect(ctx)
	if err != nil {
		return fmt.Errorf("no Docker daemon answers: %w", err)
	}
	defer docker.Close()
	if _, err := docker.ImageInspect(ctx, image); err == nil {
		return nil
	}
	pull, err := docker.ImagePull(ctx, image, client.ImagePullOptions{})
	if err != nil {
		return fmt.Errorf("pulling the image %s: %w", image, err)
	}
	if err := pull.Wait(ctx); err != nil {
		return fmt.Errorf("pulling the image %s: %w", image, err)
	}
	return nil
}

func connect(ctx context.Context) (*testcontainers.DockerClient, error) {
	log.SetDefault(log.NewNoopLogger()) // it would tell every step
	return testcontainers.NewDockerClientWithOpts(ctx)
}

func containerPostgres(ctx context.Context, durable bool) (*Postgres, error) {
	image, _ := images()
	command := []string{"postgres", "-c", "max_connections=200"}
	if !durable {
		command = append(command, "-c", "fsync=off", "-c", "full_page_writes=off")
	}
	dsn := func(addr string) string { return "postgres://postgres@" + addr + "/postgres?sslmode=disable" }
	s, err := startContainer(ctx, image, "5432/tcp", func(ctx context.Context, addr string) error {
		conn, err := pgx.Connect(ctx, dsn(addr))
		if err != nil {
			return err
		}
		return conn.Close(ctx)
	}, testcontainers.WithCmd(command...), testcontainers.WithEnv(map[string]string{"POSTGRES_HOST_AUTH_METHOD": "trust"}))
	if err != nil {
		return nil, withWaysOut(err)
	}
	return newPostgres(s, dsn(s.addr))
}

func containerMongo(ctx context.Context) (*Mongo, error) {
	_, image := images()
	s, err := startContainer(ctx, image, "27017/tcp", func(ctx context.Context, addr string) error {
		m, err := mongostore.Open(ctx, "mongodb://"+addr+"/?serverSelectionTimeoutMS=200", "admin")
		if err != nil {
			return err
		}
		return m.Close(ctx)
	})
	if err != nil {
		return nil, withWaysOut(err)
	}
	return &Mongo{Server: s, URI: "mongodb://" + s.addr + "/", names: newNames()}, nil
}

// contained is a server in a container, at a port of loopback that stays its own over a
// kill. One port that Docker chooses would be another after it.
type contained struct {
	*testcontainers.DockerContainer
	image, addr string
	ping        func(ctx context.Context, addr string) error
}

// startContainer runs an image with one of its ports on loopback, and waits until ping
// finds a server there.
func startContainer(ctx context.Context, image, port string, ping func(context.Context, string) error, more ...testcontainers.ContainerCustomizer) (*contained, error) {
	if err := have(ctx, image); err != nil {
		return nil, err
	}
	inner, err := network.ParsePort(port)
	if err != nil {
		return nil, err
	}
	outer, addr, err := freePort()
	if err != nil {
		return nil, err
	}
	binding := network.PortBinding{HostIP: netip.MustParseAddr("127.0.0.1"), HostPort: strconv.Itoa(outer)}
	c, err := testcontainers.Run(ctx, image, append(more, testcontainers.WithExposedPorts(port),
		testcontainers.WithHostConfigModifier(func(host *container.HostConfig) {
			host.PortBindings = network.PortMap{inner: {binding}}
		}))...)
	s := &contained{c, image, addr, ping}
	if err == nil {
		err = s.await(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting a container of %s: %w", image, err), s.Close())
	}
	return s, nil
}

// await waits until the server answers.
func (s *contained) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := s.ping(ctx, s.addr)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it does not answer at %s: %w", s.addr, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Kill implements [Server] by SIGKILL for all that runs in the container.
func (s *contained) Kill() error {
	ctx := context.Background()
	docker, err := connect(ctx)
	if err != nil {
		return err
	}
	defer docker.Close()
	if _, err := docker.ContainerKill(ctx, s.GetContainerID(), client.ContainerKillOptions{Signal: "KILL"}); err != nil {
		return fmt.Errorf("killing the container of %s: %w", s.image, err)
	}
	return nil
}

// Run implements [Server].
func (s *contained) Run(ctx context.Context) error {
	if err := s.Start(ctx); err != nil {
		return fmt.Errorf("starting the container of %s again: %w", s.image, err)
	}
	return s.await(ctx)
}

// Close implements [Server]. Nothing is worth a wait for the server's own end.
func (s *contained) Close() error {
	return testcontainers.TerminateContainer(s.DockerContainer, testcontainers.StopTimeout(0))
}
