package ccproxy.command;

import ccproxy.claude.Backends;
import ccproxy.claude.OneQuestion;
import ccproxy.http.Server;
import ccproxy.observe.Log;
import ccproxy.wire.ApiException;

/// `ask`: one streamed answer in the terminal.
final class AskCommand {
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
            var server = new RunningServer(config);
            if (server.isThere())
                question.ask(server.found(), config.claude(surroundings), this::print);
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
}
