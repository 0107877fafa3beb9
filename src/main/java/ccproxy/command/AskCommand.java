package ccproxy.command;

import ccproxy.claude.Backends;
import ccproxy.claude.OneQuestion;
import ccproxy.http.Server;
import ccproxy.observe.Log;
import ccproxy.wire.ApiException;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/// `ask`: one streamed answer in the terminal.
final class AskCommand {
    private static final int HEALTH_MILLIS_MAX = 1000;

    private final Config config;
    private final Surroundings surroundings;

    AskCommand(Config config, Surroundings surroundings) {
        this.config = config;
        this.surroundings = surroundings;
    }

    /// Asks what the words of the command line say, joined with spaces.
    ///
    /// @throws CommandException if nothing is asked, or no answer is to be had
    ExitCode run(Args args) {
        String text = String.join(" ", args.words());
        if (text.isBlank()) {
            String message = "ask: expected TEXT, found nothing; for example: ccproxy ask hello";
            throw new CommandException(ExitCode.USAGE, message);
        }
        String session = args.flag("--session").orElse("");
        if (!session.isEmpty() && !Server.isSessionId(session)) {
            String message =
                    "ask: --session: expected 1 to 128 of A-Z a-z 0-9 . _ - and no reserved word, found '%s'";
            throw new CommandException(ExitCode.USAGE, message.formatted(session));
        }
        config.configureLog(surroundings.err());
        return run(session, args.flag("--model").orElse(""), text);
    }

    /// Asks a running server if its `/health` answers, else a backend in this process; an empty
    /// `session` is none, an empty `model` the default one.
    private ExitCode run(String session, String model, String text) {
        var question = new OneQuestion(model.isEmpty() ? "default" : model, session, text);
        var out = surroundings.out();
        try {
            if (isServing())
                question.ask(
                        server(),
                        config.get(Keys.AUTH_TOKEN),
                        config.claude(surroundings),
                        this::print);
            else inProcess(question);
            out.println();
            return ExitCode.OK;
        } catch (ApiException e) {
            out.flush();
            throw new CommandException(ExitCode.FAILED, "ask: " + e.getMessage());
        } catch (InterruptedException _) {
            throw new CommandException(ExitCode.FAILED, "ask: interrupted");
        }
    }

    private void inProcess(OneQuestion question) throws InterruptedException {
        try (Backends backends = Backends.open(config.claude(surroundings))) {
            if (!backends.advice().isEmpty()) Log.warn(backends.advice()).write();
            question.ask(backends, this::print);
        }
    }

    private void print(String piece) {
        surroundings.out().print(piece);
        surroundings.out().flush();
    }

    private URI server() {
        String host = config.host();
        // An address that means "all of them" is listened on, not connected to.
        if (host.equals("0.0.0.0") || host.equals("::")) host = "127.0.0.1";
        return URI.create(
                "http://"
                        + (host.contains(":") ? "[" + host + "]" : host)
                        + ":"
                        + config.get(Keys.PORT));
    }

    /// Whether a server of ours is there: something else may have the port.
    private boolean isServing() {
        if (config.get(Keys.PORT) == 0) return false;
        try {
            var health =
                    (HttpURLConnection)
                            server().resolve("/health").toURL().openConnection(Proxy.NO_PROXY);
            health.setConnectTimeout(HEALTH_MILLIS_MAX);
            health.setReadTimeout(HEALTH_MILLIS_MAX);
            try (InputStream in = health.getInputStream()) {
                return new String(in.readNBytes(1000), StandardCharsets.UTF_8)
                        .contains("\"backend\"");
            }
        } catch (IOException _) {
            return false;
        }
    }
}
