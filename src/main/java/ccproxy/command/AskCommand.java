package ccproxy.command;

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
        config.configureLog(surroundings.err());
        return run(args.flag("--session").orElse(""), args.flag("--model").orElse(""), text);
    }

    /// Asks a running server if its `/health` answers, else a backend in this process; an empty
    /// `session` is none, an empty `model` the default one.
    private ExitCode run(String session, String model, String text) {
        throw new CommandException(ExitCode.FAILED, "ask is not wired yet");
    }
}
