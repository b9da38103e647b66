package config

func (r *reader) readLog(root *block) Log {
	b := root.only("log")
	return Log{
		Level:  read(r, b, "level", oneOf([]string{"debug", "info", "warn", "error"})).or("info").value,
		Format: read(r, b, "format", oneOf([]string{"json", "console"})).value,
	}
}

func (r *reader) readAdmin(root *block) Admin {
	b := root.only("admin")
	return Admin{
		Socket:      read(r, b, "socket", socketPath).value,
		SocketGroup: read(r, b, "socket_group", filled).value,
		SocketMode:  read(r, b, "socket_mode", fileMode).or(0o660).value,
	}
}
