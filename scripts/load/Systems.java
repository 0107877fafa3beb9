import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/// The systems that can be measured, and how each is set up: one worker, connections kept on both
/// sides, events passed on at once.
final class Systems {
    private static final String MESSAGES = "/v1/messages";
    private static final String CHAT = "/v1/chat/completions";

    private final Options options;
    private final Tools tools;
    private final Path folder;
    private final String name;
    private final int port;

    private Systems(String name, Options options, Tools tools) throws IOException {
        this.options = options;
        this.tools = tools;
        this.name = name;
        this.folder = Files.createDirectories(tools.work().resolve(name.replace(':', '-')));
        this.port = freePort();
    }

    static Target make(String name, Options options, Tools tools)
            throws IOException, FailedException {
        Systems systems = new Systems(name, options, tools);
        int colon = name.indexOf(':');
        String label = colon < 0 ? "" : name.substring(colon + 1);
        return new Target(
                switch (colon < 0 ? name : name.substring(0, colon)) {
                    case "direct" -> systems.direct();
                    case "nginx" -> systems.nginx();
                    case "haproxy" -> systems.haproxy();
                    case "ccproxy" -> systems.ccproxy(MESSAGES, label);
                    case "ccproxy-chat" -> systems.ccproxy(CHAT, label);
                    case "portkey" -> systems.portkey();
                    default -> throw new IllegalArgumentException(name);
                });
    }

    /// Below those that Linux gives to outgoing connections, of which a benchmark has many.
    private static int freePort() throws IOException {
        for (int tries = 0; tries < 100; tries++) {
            int port = ThreadLocalRandom.current().nextInt(20_000, 32_000);
            try (ServerSocket socket =
                    new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (BindException e) {
                continue; // taken
            }
        }
        throw new IOException("no port is free");
    }

    private Target.Spec spec(String path, List<String> headers, List<String> command) {
        return new Target.Spec(name, false, port, path, headers, command, folder);
    }

    private Target.Spec direct() {
        return new Target.Spec(
                name, false, tools.upstreamPort(), MESSAGES, List.of(), List.of(), folder);
    }

    private Target.Spec nginx() throws IOException, FailedException {
        // Workers of another user could not write below a folder that only root may enter.
        String user = System.getProperty("user.name").equals("root") ? "user root;" : "";
        Path file = folder.resolve("nginx.conf");
        Files.writeString(
                file,
                """
                %s
                worker_processes 1;
                worker_rlimit_nofile 20000;
                daemon off;
                pid nginx.pid;
                error_log stderr error;
                events { worker_connections 16000; multi_accept on; }
                http {
                    access_log off;
                    tcp_nodelay on;
                    keepalive_requests 1000000;
                    client_body_temp_path body;
                    proxy_temp_path proxy;
                    fastcgi_temp_path fastcgi;
                    uwsgi_temp_path uwsgi;
                    scgi_temp_path scgi;
                    upstream api {
                        server 127.0.0.1:%d;
                        keepalive 4096;
                        keepalive_requests 1000000;
                    }
                    server {
                        listen 127.0.0.1:%d backlog=4096;
                        location / {
                            proxy_pass http://api;
                            proxy_http_version 1.1;
                            proxy_set_header Connection "";
                            proxy_buffering off;
                            proxy_read_timeout 600s;
                        }
                    }
                }
                """
                        .formatted(user, tools.upstreamPort(), port));
        String program = Tools.program("nginx");
        return spec(
                MESSAGES,
                List.of(),
                List.of(program, "-e", "stderr", "-p", folder.toString(), "-c", file.toString()));
    }

    private Target.Spec haproxy() throws IOException, FailedException {
        Path file = folder.resolve("haproxy.cfg");
        Files.writeString(
                file,
                """
                global
                    nbthread 1
                    maxconn 9000
                defaults
                    mode http
                    timeout connect 10s
                    timeout client 600s
                    timeout server 600s
                    option http-no-delay
                    http-reuse always
                frontend clients
                    bind 127.0.0.1:%d backlog 4096
                    default_backend api
                backend api
                    server upstream 127.0.0.1:%d pool-max-conn 4096
                """
                        .formatted(port, tools.upstreamPort()));
        return spec(
                MESSAGES,
                List.of(),
                List.of(Tools.program("haproxy"), "-db", "-f", file.toString()));
    }

    private Target.Spec ccproxy(String path, String label) {
        List<String> command = new ArrayList<>(options.build(label).command());
        command.addAll(
                List.of(
                        "serve",
                        "--port",
                        "" + port,
                        "--backend",
                        "api",
                        "--api-key",
                        "sk-ant-bench"));
        command.addAll(List.of("--api-base-url", "http://127.0.0.1:" + tools.upstreamPort()));
        Build build = options.build(label);
        if (build.image() != null && !build.javaFlags().isEmpty()) {
            // The image's launcher takes no flags, but every java reads this variable.
            command.addAll(0, List.of("env", "JDK_JAVA_OPTIONS=" + build.javaFlags()));
        }
        return new Target.Spec(
                name, true, port, path, List.of("anthropic-version: 2023-06-01"), command, folder);
    }

    /// Portkey's gateway answers Chat Completions from Anthropic's API, as ccproxy-chat does.
    private Target.Spec portkey() throws IOException, FailedException {
        Path installed = options.tools().resolve("portkey");
        Path program = installed.resolve("node_modules/@portkey-ai/gateway/build/start-server.js");
        if (!Files.exists(program)) install(installed);
        // With the server library that npm picks, it fails on streams: "TypeError: immutable", the
        // headers of fetch's answer. So fetch gives copies.
        Path copies = folder.resolve("copies.mjs");
        Files.writeString(
                copies,
                """
                const { fetch, Response } = globalThis;
                globalThis.fetch = async (...request) => {
                    const { body, status, headers } = await fetch(...request);
                    return new Response(body, { status, headers: [...headers] });
                };
                """);
        List<String> headers =
                List.of(
                        "authorization: Bearer sk-ant-bench",
                        "x-portkey-provider: anthropic",
                        "x-portkey-custom-host: http://127.0.0.1:" + tools.upstreamPort() + "/v1");
        String node = Tools.program("node");
        List<String> command =
                List.of(
                        node,
                        "--import",
                        copies.toString(),
                        program.toString(),
                        "--headless",
                        "--port=" + port);
        return new Target.Spec(name, true, port, CHAT, headers, command, folder);
    }

    private void install(Path into) throws IOException, FailedException {
        Files.createDirectories(into);
        Path log = folder.resolve("npm.log");
        ProcessBuilder npm =
                new ProcessBuilder(
                        Tools.program("npm"),
                        "install",
                        "--no-audit",
                        "--no-fund",
                        "@portkey-ai/gateway@1");
        npm.directory(into.toFile()).redirectErrorStream(true).redirectOutput(log.toFile());
        System.err.println("bench: installing portkey in " + into);
        try {
            Process process = Child.start(npm);
            if (process.waitFor(3, TimeUnit.MINUTES) && process.exitValue() == 0) return;
            Child.stop(process);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new FailedException(
                "npm could not install it: "
                        + String.join(" | ", Proc.lines(log).stream().limit(3).toList()));
    }
}
