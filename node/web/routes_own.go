package web

// ownTable are the screens and wishes of one's own home, and of coming in and coming
// back.
func (s *Site) ownTable() map[string]handle {
	return map[string]handle{
		"POST /join/knock":                 s.knock,
		"GET /hello/{circle}":              s.helloDoor,
		"POST /hello/{circle}":             s.sayHello,
		"POST /hello/{circle}/not-now":     s.helloNotNow,
		"GET /back":                        s.here(s.backDoor),
		"POST /back/read":                  s.here(s.readBack),
		"POST /back":                       s.here(s.comeBack),
		"GET /back/code":                   s.backCode,
		"GET /devices":                     s.devices,
		"GET /devices/add":                 s.here(s.addDoor),
		"POST /devices/add":                s.here(s.readDevice),
		"POST /devices/same":               s.here(s.addDevice),
		"GET /link":                        s.here(s.link),
		"POST /link":                       s.here(s.showLink),
		"GET /words":                       s.here(s.wordsDoor),
		"POST /words":                      s.here(s.showWords),
		"GET /key":                         s.here(s.key),
		"POST /key":                        s.here(s.moveKey),
		"GET /backup":                      s.here(s.backupDoor),
		"POST /backup":                     s.here(s.backup),
		"POST /backup/aside":               s.backupAside,
		"GET /restore":                     s.here(s.restoreDoor),
		"POST /restore":                    s.here(s.restore),
		"GET /c/{circle}/device/{device}":  s.here(s.within((*inside).endDoor)),
		"POST /c/{circle}/device/{device}": s.here(s.within((*inside).endDevice)),
		"GET /c/{circle}/calendar":         s.here(s.within((*inside).linkedDoor)),
		"POST /c/{circle}/calendar":        s.here(s.within((*inside).linked)),
		"GET /c/{circle}/alone":            s.within((*inside).aloneDoor),
		"POST /c/{circle}/alone":           s.within((*inside).alone),
		"GET /c/{circle}/returns":          s.within((*inside).returns),
		"GET /c/{circle}/returns/code":     s.within((*inside).returnsCode),
		"POST /c/{circle}/returns/{verb}":  s.within((*inside).returnsWish),
	}
}
