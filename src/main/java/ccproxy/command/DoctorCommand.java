package ccproxy.command;

import ccproxy.claude.Backends;
import ccproxy.claude.Checkup;
import ccproxy.claude.Checkup.Verdict;
import ccproxy.claude.ClaudeSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.Locale;

/// `doctor`: a line for each thing that an answer needs, and what to do about it. Spends no token,
/// but with `--client` ([ClientsCheck]).
final class DoctorCommand {
    private static final int JAVA_MIN = 25;

    private final Config config;
    private final Surroundings surroundings;

    DoctorCommand(Config config, Surroundings surroundings) {
        this.config = config;
        this.surroundings = surroundings;
    }

    /// Prints the findings: of this machine, or of the clients that `--client` names.
    ///
    /// @return [ExitCode#FAILED] when there is a problem
    /// @throws CommandException for a client that is not known
    ExitCode run(Args args) {
        if (args.flag("--client").isPresent()) {
            var clients = ClientsCheck.of(args, config, surroundings);
            return clients.run(args.flag("--model").orElse(""));
        }
        if (args.flag("--model").isPresent()) {
            String message = "doctor: --model: expected after --client NAME, found without it";
            throw new CommandException(ExitCode.USAGE, message);
        }
        return run();
    }

    private ExitCode run() {
        ClaudeSettings settings = config.claude(surroundings);
        String backend = Backends.chosen(settings);
        var findings = new ArrayList<Checkup.Finding>();
        findings.add(java());
        findings.add(port());
        findings.add(new Checkup.Finding("backend", Verdict.OK, backend));
        try {
            findings.addAll(new Checkup(settings, backend).findings());
        } catch (InterruptedException _) {
            throw new CommandException(ExitCode.FAILED, "doctor: interrupted");
        }
        for (Checkup.Finding finding : findings) {
            String word = finding.verdict().name().toLowerCase(Locale.ROOT);
            surroundings
                    .out()
                    .println("%-8s  %-9s  %s".formatted(word, finding.name(), finding.text()));
        }
        boolean isIll = findings.stream().anyMatch(f -> f.verdict() == Verdict.PROBLEM);
        return isIll ? ExitCode.FAILED : ExitCode.OK;
    }

    private static Checkup.Finding java() {
        int version = Runtime.version().feature();
        String text = Runtime.version() + " in " + System.getProperty("java.home");
        if (version >= JAVA_MIN) return new Checkup.Finding("java", Verdict.OK, text);
        return new Checkup.Finding("java", Verdict.PROBLEM, text + ": expected 25 or newer");
    }

    private Checkup.Finding port() {
        int port = config.get(Keys.PORT);
        String where = config.host() + ":" + port;
        var server = new RunningServer(config);
        if (server.isThere())
            return new Checkup.Finding("port", Verdict.OK, where + ": a ccproxy is running there");
        try (var socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(InetAddress.getByName(config.host()), port));
            return new Checkup.Finding("port", Verdict.OK, where + " is free");
        } catch (IOException e) {
            return new Checkup.Finding(
                    "port",
                    Verdict.PROBLEM,
                    where + ": " + e.getMessage() + "; choose another with --host and --port");
        }
    }
}
