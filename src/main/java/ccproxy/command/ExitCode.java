package ccproxy.command;

/// How the program ends.
enum ExitCode {
    /// Did what was asked; a server that was told to stop has stopped.
    OK(0),
    /// Could not start, or could not do it: the port is taken, no server answers.
    FAILED(1),
    /// A wrong flag, variable or file: nothing was started.
    USAGE(2);

    private final int status;

    ExitCode(int status) {
        this.status = status;
    }

    /// {@return what the shell sees}
    int status() {
        return status;
    }
}
