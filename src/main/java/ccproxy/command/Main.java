package ccproxy.command;

import java.util.List;

/// The program.
public final class Main {
    private Main() {}

    /// Runs a subcommand and exits with its code: see [ExitCode].
    public static void main(String[] arguments) {
        JdkSettings.apply();
        ExitCode code = run(List.of(arguments), Surroundings.ofProcess());
        System.exit(code.status());
    }

    /// {@return how it ended; what went wrong is one line on `err`}
    static ExitCode run(List<String> arguments, Surroundings surroundings) {
        try {
            return run(Args.parse(arguments), surroundings);
        } catch (CommandException e) {
            surroundings.err().println("ccproxy: " + e.getMessage());
            return e.code();
        }
    }

    private static ExitCode run(Args args, Surroundings surroundings) {
        if (args.flag(Args.VERSION).isPresent()) {
            surroundings.out().println("ccproxy " + Version.text());
            return ExitCode.OK;
        }
        var help = new HelpCommand(surroundings);
        boolean isAsking = args.flag(Args.HELP).isPresent();
        if (isAsking && args.subcommand() == Subcommand.SERVE) return help.program();
        if (isAsking) return help.subcommand(args.subcommand());
        return switch (args.subcommand()) {
            case SERVE -> {
                WarmUp.begin();
                // First: a signal that comes while it starts must not be lost.
                var signals = Signals.ofProcess();
                yield new ServeCommand(args, surroundings).run(signals);
            }
            case ASK ->
                    new AskCommand(ConfigLoader.load(args, surroundings), surroundings).run(args);
            case CONFIG -> ConfigCommand.run(ConfigLoader.load(args, surroundings), surroundings);
            case DOCTOR ->
                    new DoctorCommand(ConfigLoader.load(args, surroundings), surroundings)
                            .run(args);
            case USAGE ->
                    new UsageCommand(ConfigLoader.load(args, surroundings), surroundings).run(args);
            case REPLAY -> new ReplayCommand(surroundings).run(args.words());
            case TOKEN -> TokenCommand.run(surroundings);
            case COMPLETION -> CompletionCommand.run(args.words(), surroundings);
            case HELP -> help.run(args.words());
        };
    }
}
