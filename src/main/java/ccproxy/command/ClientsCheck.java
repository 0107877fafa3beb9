package ccproxy.command;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// `doctor --client`: plays a client's first requests against the running server, judges the
/// answers as the client would, and prints the settings to copy. It asks the server's own backend,
/// short questions with a small `max_tokens`.
final class ClientsCheck {
    private static final String ALL = "all";

    /// A whole answer; clients wait longer, but not people.
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final List<String> names;
    private final Config config;
    private final Surroundings surroundings;
    private final Manner manner;

    /// How the server is asked.
    ///
    /// @param connector makes the connections
    /// @param patience for one answer
    record Manner(ClientCall.Connector connector, Duration patience) {}

    /// @param names of the clients, each with a script
    ClientsCheck(List<String> names, Config config, Surroundings surroundings, Manner manner) {
        this.names = names;
        this.config = config;
        this.surroundings = surroundings;
        this.manner = manner;
    }

    /// {@return the check that `--client` asks for}
    ///
    /// @throws CommandException for a client that is not known; names all, and the nearest
    static ClientsCheck of(Args args, Config config, Surroundings surroundings) {
        String asked = args.flag("--client").orElseThrow();
        // As people write it: "Open WebUI", "claude_code".
        String name = asked.strip().toLowerCase(Locale.ROOT).replaceAll("[ _]+", "-");
        var known = new ArrayList<>(ClientScript.NAMES);
        known.add(ALL);
        if (!known.contains(name)) {
            String message = "doctor: --client: expected one of %s, found '%s'; the nearest is %s";
            String all = String.join(", ", known);
            throw new CommandException(
                    ExitCode.USAGE, message.formatted(all, asked, Nearest.to(name, known)));
        }
        List<String> names = name.equals(ALL) ? ClientScript.NAMES : List.of(name);
        var own = new RunningServer(config).found();
        var manner = new Manner(ClientCall.Connector.to(own), PATIENCE);
        return new ClientsCheck(names, config, surroundings, manner);
    }

    /// Plays them.
    ///
    /// @param model to ask, `""` for what each script recommends
    /// @return [ExitCode#FAILED] when a client would not work
    /// @throws CommandException when no server runs
    ExitCode run(String model) {
        var server = new RunningServer(config);
        if (!server.isThere()) {
            String message =
                    "doctor: no ccproxy is running at %s: start it (ccproxy), or say where it is"
                            + " (--host, --port)";
            throw new CommandException(ExitCode.FAILED, message.formatted(server.address()));
        }
        print("note", "asks", "short questions to the backend of " + server.address());
        var blanks =
                new ClientScript.Blanks(server.address(), config.get(AccessKeys.AUTH_TOKEN), model);
        boolean isIll = false;
        for (String name : names) isIll |= !isWell(ClientScript.of(name, blanks), blanks);
        return isIll ? ExitCode.FAILED : ExitCode.OK;
    }

    private boolean isWell(ClientScript script, ClientScript.Blanks blanks) {
        surroundings.out().println();
        surroundings.out().println(script.title() + " (" + script.name() + ")");
        boolean isWell = true;
        for (ClientRequest request : script.requests()) {
            String what = request.method() + " " + request.path() + ", " + request.what() + ": ";
            try {
                print("ok", "request", what + played(request, blanks));
            } catch (Unfit e) {
                isWell = false;
                print("problem", "request", what + e.getMessage() + "; " + e.remedy());
            }
        }
        script.settings().forEach(line -> print("copy", "setting", line));
        script.notes().forEach(line -> print("note", "setting", line));
        return isWell;
    }

    private String played(ClientRequest request, ClientScript.Blanks blanks) {
        try (var call = ClientCall.of(request, blanks.server(), manner)) {
            return new AnswerCheck(request, call).check();
        } catch (SocketTimeoutException _) {
            throw new Unfit(
                    "no whole answer within " + manner.patience().toMillis() / 1000.0 + " s",
                    "see whether the backend answers: ccproxy doctor, ccproxy ask hello");
        } catch (ConnectException e) {
            throw new Unfit(e.getMessage(), "start the server (ccproxy)");
        } catch (IOException e) {
            throw new Unfit(
                    String.valueOf(e.getMessage()),
                    "see the server's log, and what stands between it and the client");
        }
    }

    private void print(String verdict, String what, String text) {
        surroundings.out().println("%-8s  %-9s  %s".formatted(verdict, what, text));
    }
}
